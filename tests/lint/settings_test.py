"""config/spidergate.yaml shows every setting that src/config declares, and nothing else."""

import re
import unittest
from pathlib import Path

import repository

FREE_SECTIONS = {"providers", "aliases", "rules"}  # their keys are the user's own


def declared():
    keys = set()
    for file in repository.cpp_files("src"):
        if file.parts[1] == "config":
            keys |= set(re.findall(r'\.key = "([\w.]+)"', repository.text(file)))
    return keys


def sections(yaml):
    """The text below each top-level key, whether it is commented out or not."""
    found, current = {}, None
    for line in yaml.splitlines():
        if top := re.match(r"#? ?([a-z]\w*):", line):
            current = top[1]
        if current:
            found[current] = found.get(current, "") + line + "\n"
    return found


class settings(unittest.TestCase):
    def test_every_declared_setting_is_in_the_documented_file(self):
        shown = sections(repository.text(Path("config/spidergate.yaml")))
        missing = []
        for key in sorted(declared()):
            section, *rest = key.split(".")
            if section not in shown or any(not re.search(rf"\b{part}:", shown[section]) for part in rest):
                missing.append(key)
        self.assertTrue(declared(), "no declaration was found in src/config")
        self.assertEqual(missing, [])

    def test_the_documented_file_has_no_section_of_its_own(self):
        shown = sections(repository.text(Path("config/spidergate.yaml")))
        known = {key.split(".")[0] for key in declared()} | FREE_SECTIONS
        self.assertEqual(set(shown) - known, set())


if __name__ == "__main__":
    unittest.main()
