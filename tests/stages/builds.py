"""The builds that the stages need, made one after the other in a thread of their own."""

from __future__ import annotations

import threading
import time

import running


class Queue:
    def __init__(self, presets: list[str]) -> None:
        self._presets = list(dict.fromkeys(presets))
        self._done = {preset: threading.Event() for preset in self._presets}
        self._good: dict[str, bool] = {}
        self._closed = False
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        for preset in self._presets:
            if not self._closed:
                self._good[preset] = self._build(preset)
            self._done[preset].set()

    def _build(self, preset: str) -> bool:
        began = time.monotonic()
        code, output = running.ask(["scripts/build", preset])
        print(f"-- build {preset}: {'done' if code == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True)
        if code != 0:
            print("\n".join(output.splitlines()[-60:]), flush=True)
        return code == 0

    def wait(self, preset: str | None) -> bool:
        """Waits for one build; whether it is good. No preset is always good."""
        if preset is None:
            return True
        self._done[preset].wait()
        return self._good.get(preset, False)

    def wait_for_all(self) -> bool:
        """Waits until no build runs any more, so that nothing disturbs what is measured."""
        for done in self._done.values():
            done.wait()
        return True

    def close(self) -> None:
        self._closed = True
