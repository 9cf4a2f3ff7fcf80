"""Each public header compiles alone: whoever includes it needs to include nothing before it."""

import os
import shutil
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor

import repository

# As in cmake/dependencies.cmake: what every file that sees Asio or Beast is compiled with.
FLAGS = ["-std=c++20", "-Iinclude", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-x", "c++",
         "-DBOOST_ASIO_SEPARATE_COMPILATION", "-DBOOST_ASIO_NO_DEPRECATED", "-DBOOST_BEAST_SEPARATE_COMPILATION"]


def compile_alone(header):
    name = header.relative_to("include")
    source = f"#include <{name}>\n#include <{name}>\n"  # twice: it guards itself, too
    done = subprocess.run(["clang++-19", *FLAGS, "-"], input=source, cwd=repository.ROOT, capture_output=True, text=True)
    return header, "\n".join(done.stderr.splitlines()[:6]) if done.returncode else ""


class headers(unittest.TestCase):
    @unittest.skipUnless(shutil.which("clang++-19"), "clang 19 is not installed")
    def test_each_public_header_compiles_alone(self):
        public = [file for file in repository.cpp_files("include") if "detail" not in file.parts]
        self.assertTrue(public)
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            for header, complaint in workers.map(compile_alone, public):
                with self.subTest(header=str(header)):
                    self.assertEqual(complaint, "")


if __name__ == "__main__":
    unittest.main()
