"""Runs the stages of scripts/test and sums up what their test runners counted.

Builds run one after the other in the background, in the order in which the stages need them, while stages that neither need
the next build nor measure time run beside them. Everything that watches a clock (e2e, bench) starts when all builds are done.
"""

from __future__ import annotations

import argparse
import sys
import time

import builds
import stages
from counting import Counts

BUDGET_SECONDS = 27 * 60  # what a whole run may take; clang-tidy gets what is left of it


def arguments() -> argparse.Namespace:
    names = "\n".join(f"  {name:14}{stage.about}" for name, stage in stages.ALL.items())
    parser = argparse.ArgumentParser(prog="scripts/test", formatter_class=argparse.RawDescriptionHelpFormatter,
                                     description="Runs the tests.", epilog=f"stages:\n{names}")
    parser.add_argument("--quick", action="store_true", help="only lint and dev")
    parser.add_argument("stage", nargs="*", help="run only these, fully; default: all but those marked (named only)")
    chosen = parser.parse_args()
    if unknown := set(chosen.stage) - set(stages.ALL):
        parser.error(f"no stage {sorted(unknown)[0]!r}; there are {', '.join(stages.ALL)}")
    return chosen


def selected(chosen: argparse.Namespace) -> list[str]:
    if chosen.stage:
        return [name for name in stages.ALL if name in chosen.stage]
    if chosen.quick:
        return ["lint", "dev"]
    return [name for name, stage in stages.ALL.items() if not stage.named_only]


def main() -> int:
    chosen = arguments()
    names = selected(chosen)
    started = time.monotonic()
    queue = builds.Queue([preset for name in names if (preset := stages.ALL[name].preset)])
    total, failed = Counts(), []
    for name in names:
        stage = stages.ALL[name]
        limit = None if chosen.stage else max(60.0, BUDGET_SECONDS - (time.monotonic() - started))
        counts, seconds = run(name, stage, queue, limit)
        total += counts
        if counts.failed or not counts.passed:
            failed.append(name if counts.failed else f"{name} (ran no test)")
        print(f"== {name}: {counts} in {seconds:.0f} s", flush=True)
    queue.close()
    if any("ran no test" in name for name in failed):
        total += Counts(failed=sum("ran no test" in name for name in failed))
    print(f"\n{time.monotonic() - started:.0f} s in all" + (f"; not passed: {', '.join(failed)}" if failed else ""))
    print(total)
    return 1 if failed else 0


def run(name: str, stage: stages.Stage, queue: builds.Queue, limit: float | None) -> tuple[Counts, float]:
    print(f"\n== {name}: {stage.about}", flush=True)
    if not queue.wait(stage.preset) or (stage.alone and not queue.wait_for_all()):
        return Counts(failed=1), 0.0
    began = time.monotonic()
    return stage.run(limit), time.monotonic() - began


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
