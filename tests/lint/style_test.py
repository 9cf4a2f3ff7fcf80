"""Rules of CONTRIBUTING.md about names, sizes and secrets."""

import ast
import re
import subprocess
import unittest
from pathlib import Path

import repository

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 70
VAGUE = re.compile(r"(^|[_-])(utils?|helpers?|common|managers?|misc)($|[_.-])", re.I)
CODE = (".cpp", ".hpp", ".py", ".sh", ".cmake", ".mjs", ".js", ".ts")


TABLE = ("  return {", "  switch (")  # a function that is one table is as long as its table


def body_lengths(source):
    """(line, length) of each function, found by indentation, which the formatter guarantees; tables are left out."""
    lines = source.splitlines()
    start = None
    for number, line in enumerate(lines):
        opens = line.endswith("{") and not line.startswith((" ", "}", "namespace", "struct", "class", "enum", "extern", "union"))
        if start is None and opens and "(" in "".join(lines[max(0, number - 8):number + 1]) and "=" not in line:
            start = number
        elif start is not None and line.startswith("}"):
            if not lines[start + 1].startswith(TABLE):
                yield start + 1, number - start + 1
            start = None


def python_lengths(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


class style(unittest.TestCase):
    def test_cpp_files_are_formatted(self):
        files = [str(file) for file in repository.cpp_files()]
        done = subprocess.run(["clang-format-19", "--dry-run", "--Werror", *files], cwd=repository.ROOT, capture_output=True, text=True)
        wrong = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "clang-format-violations" in line})
        self.assertEqual(done.returncode, 0, "scripts/lint --fix formats: " + ", ".join(wrong))

    def test_no_name_says_nothing(self):
        vague = [str(file) for file in repository.files() if any(VAGUE.search(part) for part in (*file.parts[:-1], file.stem))]
        self.assertEqual(vague, [])

    def test_no_file_is_longer_than_the_limit(self):
        code = [file for file in repository.files() if file.suffix in CODE or file.parts[0] in ("scripts", ".ci")]
        lengths = {str(file): repository.text(file).count("\n") for file in code}
        self.assertEqual({name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES}, {})

    def test_functions_fit_on_a_screen(self):
        long = []
        for file in repository.files():
            if file.suffix in (".cpp", ".hpp", ".py") and file.parts[:2] != ("src", "boost"):
                measure = python_lengths if file.suffix == ".py" else body_lengths
                for line, length in measure(repository.text(file)):
                    long += [f"{file}:{line}: {length} lines"] if length > MAX_FUNCTION_LINES else []
        self.assertEqual(long, [], "\n" + "\n".join(long))

    def test_shell_scripts_are_valid(self):
        for file in repository.files():
            if (repository.ROOT / file).read_bytes().startswith(b"#!/usr/bin/env bash"):
                with self.subTest(file=str(file)):
                    self.assertIn("set -euo pipefail", repository.text(file))
                    subprocess.run(["bash", "-n", str(file)], cwd=repository.ROOT, check=True)

    def test_python_files_compile(self):
        for file in repository.files():
            if file.suffix == ".py":
                with self.subTest(file=str(file)):
                    compile(repository.text(file), str(file), "exec")


# Whoever makes a token has to see it, once: the first start and the commands of the CLI print it on the terminal.
PRINTS_NEW_TOKENS = ("src/app/serve_command.cpp", "src/cli/")


class secrets(unittest.TestCase):
    def test_a_secret_cannot_be_streamed_or_formatted(self):
        header = repository.text(Path("include/spidergate/core/secret_string.hpp"))
        self.assertNotRegex(header, r"operator<<|operator std::string|fmt::formatter|std::formatter")

    def test_nobody_logs_a_revealed_secret(self):
        into_text = r"(?:(?:log|spdlog|telemetry)::\w+\([^;]*|<<[^;\n]*|format\([^;]*)"
        log_call = re.compile(into_text + rf"\b{self._revealing_member()}\(\)")
        wrong = [f"{file}: {found[0][:80]}" for file in repository.cpp_files("src", "include")
                 if not str(file).startswith(PRINTS_NEW_TOKENS) and (found := log_call.search(repository.text(file)))]
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def _revealing_member(self):
        header = repository.text(Path("include/spidergate/core/secret_string.hpp"))
        found = re.search(r"std::string_view\s+(\w+)\(\)\s*const", header)
        self.assertTrue(found, "secret_string has no member that gives its value")
        return found[1]


if __name__ == "__main__":
    unittest.main()
