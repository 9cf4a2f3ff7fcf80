"""The benchmark's arithmetic: what it says of a goal, and what it puts into docs/performance.md."""

import json
import shutil
import sys
import tempfile
import unittest
import xml.dom.minidom
from pathlib import Path

import repository

sys.path.insert(0, str(repository.ROOT / "tests" / "bench" / "harness"))

import document  # noqa: E402
import figures  # noqa: E402
import records  # noqa: E402
import table  # noqa: E402
from rows import Goal  # noqa: E402

CPU = Goal("CPU per request", "cpu_us", "HAProxy", 0.7, 0.5)


def rounds(metric, *numbers, load_core=0.5):
    return [{metric: number, "load_core": load_core, "errors": 0} for number in numbers]


class goals(unittest.TestCase):
    def test_ratios_are_taken_within_a_round(self):
        reached = figures.judge(CPU, {"SpiderGate": rounds("cpu_us", 6, 60, 7), "HAProxy": rounds("cpu_us", 10, 100, 10)})
        self.assertEqual((reached.figure.middle, reached.figure.least, reached.figure.most), (0.6, 0.6, 0.7))
        self.assertEqual(reached.verdict, "reached")

    def test_a_goal_may_be_to_have_more(self):
        rate = Goal("requests/s", "rps", "HAProxy", 1.4, 2.0, at_least=True)
        verdicts = [figures.judge(rate, {"SpiderGate": rounds("rps", ours), "HAProxy": rounds("rps", 100)}).verdict for ours in (130, 150, 210)]
        self.assertEqual(verdicts, ["not reached", "reached", "moonshot"])

    def test_a_goal_may_stand_by_itself(self):
        memory = Goal("RSS at idle", "idle_mb", "", 20, 12, unit="MB")
        self.assertEqual(figures.judge(memory, {"SpiderGate": rounds("idle_mb", 21, 11, 12)}).verdict, "moonshot")

    def test_what_was_not_measured_is_not_judged(self):
        self.assertIsNone(figures.judge(CPU, {"SpiderGate": rounds("cpu_us", 6)}))

    def test_a_full_load_core_is_told(self):
        result = {"SpiderGate": rounds("cpu_us", 6, load_core=0.99), "HAProxy": rounds("cpu_us", 10)}
        self.assertTrue(figures.judge(CPU, result).bounded)


class page(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        shutil.copy(repository.ROOT / "docs" / document.PAGE, self.folder)

    def record(self):
        every = {"rps": 100, "p50_us": 1, "p99_us": 2, "cpu_us": 3, "added_p99_us": 4, "stream_kib": 5, "idle_mb": 6, "rss_mb": 7, "start_ms": 8,
                 "errors": 0}
        rows = {row.name: {name: [every] for goal in row.goals for name in (goal.subject, goal.reference or goal.subject)}
                for row in table.MEASURED}
        (self.folder / "run.json").write_text(json.dumps({"machine": "a machine", "date": "today", "rows": rows}))
        peers = [{"name": name, "connections": connections, "rounds": [{"rps": 1, "rps_per_core": speed, "cpu_us": 1}]}
                 for name, speed in (("SpiderGate", 1000), ("Portkey", 20)) for connections in (64, 16)]
        peers.append({"name": "Bifrost", "rounds": [], "absent": "no network"})
        (self.folder / "peers.json").write_text(json.dumps(peers))
        return records.read([self.folder / "run.json", self.folder / "peers.json"])

    def test_every_row_and_goal_is_shown(self):
        document.update(self.folder, self.record())
        text = (self.folder / document.PAGE).read_text()
        self.assertNotIn("Not measured", text)
        for row in table.MEASURED:
            self.assertIn(f"### {row.name}: ", text)
            self.assertEqual(text.count(f"\n| {row.name} | "), len(row.goals))
        self.assertIn("| peers | requests/s per core | Portkey | 1,000 : 20 | 50.0 × | ≥ 40 × | ≥ 80 × | reached |", text)
        self.assertIn("- Bifrost could not be measured: no network", text)

    def test_a_report_can_be_renewed(self):
        document.update(self.folder, self.record())
        first = (self.folder / document.PAGE).read_text()
        document.update(self.folder, self.record())
        self.assertEqual((self.folder / document.PAGE).read_text(), first)

    def test_the_chart_is_sound_and_has_a_bar_for_every_goal(self):
        document.update(self.folder, self.record())
        chart = xml.dom.minidom.parse(str(self.folder / document.CHART))
        bars = [node for node in chart.getElementsByTagName("rect") if node.getAttribute("height") != "11"]  # those are the legend's
        self.assertEqual(len(bars), sum(len(row.goals) for row in table.MEASURED) + 1)


if __name__ == "__main__":
    unittest.main()
