"""scripts/test believes test runners: these are the sentences it must understand."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stages"))

from counting import Counts, from_output  # noqa: E402


class counting(unittest.TestCase):
    def test_pytest(self):
        self.assertEqual(from_output("...F\n=== 1 failed, 41 passed, 2 skipped, 3 warnings in 8.1s ===\n"), Counts(41, 1, 2))
        self.assertEqual(from_output("e2e:  12 passed, 1 error in 3.2s \n"), Counts(12, 1))

    def test_unittest(self):
        self.assertEqual(from_output("Ran 9 tests in 0.1s\n\nOK\n"), Counts(9))
        self.assertEqual(from_output("Ran 9 tests in 0.1s\n\nFAILED (failures=2, errors=1, skipped=1)\n"), Counts(5, 3, 1))
        self.assertEqual(from_output("Ran 9 tests in 0.1s\n"), Counts(8, 1))

    def test_the_last_summary_counts(self):
        self.assertEqual(from_output("1 passed, 0 failed\nmore\n7 passed, 2 failed, 1 skipped\n"), Counts(7, 2, 1))

    def test_silence_is_no_test(self):
        self.assertEqual(from_output("nothing to see\n"), Counts())

    def test_the_last_line(self):
        self.assertEqual(str(Counts(3, 0)), "3 passed, 0 failed")
        self.assertEqual(str(Counts(3, 1, 2)), "3 passed, 1 failed, 2 skipped")


if __name__ == "__main__":
    unittest.main()
