"""``dvc repro --single-item`` for one stage, started again while another command keeps DVC busy."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from pathlib import Path

from flows.commands import Finished

_IS_CACHED = re.compile(r"^Stage '[^']+' (didn't change, skipping|is cached - skipping run)")
_IS_RUNNING = re.compile(r"^Running stage '")
_IS_BUSY = re.compile(r"Unable to acquire lock|is busy, it is being blocked by|RWLock-file")
_IS_BROKEN = re.compile(r"Unable to read RWLock-file")
_BUSY_PAUSE_S = (0.5, 15.0)


def make_words(stage: str, *, is_forced: bool = False) -> list[str]:
    """Return the words of the DVC command that brings one stage up to date, and no other."""
    return ["repro", "--single-item", *(["--force"] if is_forced else []), stage]


def was_cached(finished: Finished) -> bool:
    """Return whether DVC had a stage's outputs, so that it did not run."""
    return any(_IS_CACHED.match(line) for line in finished.lines)


def run_when_free(
    root: Path,
    run: Callable[..., Finished],
    on_line: Callable[[str], None],
    *,
    timeout_s: float,
    pause: Callable[[float], None] = time.sleep,
) -> Finished:
    """Run a DVC command, again with growing and random pauses while DVC is busy.

    A stage that has started is never run again from here, whatever it ended with.

    Args:
        root: the workspace.
        run: runs the command; it is given ``on_line``.
        on_line: sees each line of its output as it comes.
        timeout_s: how long a busy DVC is waited for.
        pause: waits for so many seconds.
    """
    deadline = time.monotonic() + timeout_s
    pause_s, longest_s = _BUSY_PAUSE_S
    has_started = False

    def watch(line: str) -> None:
        nonlocal has_started
        has_started = has_started or _IS_RUNNING.match(line) is not None
        on_line(line)

    while True:
        finished = run(on_line=watch)
        text = "\n".join(finished.lines)
        is_busy = finished.code != 0 and not finished.is_interrupted and _IS_BUSY.search(text)
        if not is_busy or has_started or time.monotonic() > deadline:
            return finished
        if _IS_BROKEN.search(text):
            # What a kill in the middle of a write leaves; DVC makes it anew.
            (root / ".dvc" / "tmp" / "rwlock").unlink(missing_ok=True)
        on_line("DVC is busy with another command: waiting")
        pause(random.uniform(0.5, 1.0) * pause_s)
        pause_s = min(2 * pause_s, longest_s)
