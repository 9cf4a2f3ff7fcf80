"""A plain scripts/test must end within half an hour on a bare machine, where each build takes about ten minutes."""

import argparse
import importlib.util
import sys
import unittest
from pathlib import Path

STAGES = Path(__file__).resolve().parents[1] / "stages"
sys.path.insert(0, str(STAGES))

import stages  # noqa: E402


def program():
    spec = importlib.util.spec_from_file_location("stages_program", STAGES / "__main__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def chosen_by(*names, quick=False):
    return program().selected(argparse.Namespace(stage=list(names), quick=quick))


class what_runs(unittest.TestCase):
    def test_a_plain_run_makes_two_builds_and_no_test_twice(self):
        names = chosen_by()
        self.assertEqual(names, ["lint", "asan", "e2e", "bench", "instructions", "tidy"])
        self.assertEqual({stages.ALL[name].preset for name in names}, {None, "asan", "release"})

    def test_a_quick_run_has_no_sanitizers(self):
        self.assertEqual(chosen_by(quick=True), ["lint", "dev"])

    def test_what_is_named_runs_alone(self):
        self.assertEqual(chosen_by("tsan", "dev"), ["dev", "tsan"])


if __name__ == "__main__":
    unittest.main()
