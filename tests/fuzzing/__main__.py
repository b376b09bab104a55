"""``python -m tests.fuzzing``: broken files through every reader, for as long as one likes.

Each target has a process of its own. What a file must lead to is a result or an error of one line;
a file that leads to anything else, or is not done with within a minute, is kept and named, and the
exit code is 1.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT
from tests.fuzzing.corpus import CORPORA

_MAX_LINES, _MAX_LINE_CHARS = 30, 300


@dataclass(frozen=True)
class Outcome:
    """What became of one target."""

    target: str
    has_failed: bool
    said: str
    """What the process said, where it failed its traceback."""
    found: Path
    """The file that it read last."""


def fuzz_apart(
    target: str, folder: Path, *, num_files: int = 0, seconds: float, seed: int
) -> Outcome:
    """Fuzz a target in a process of its own.

    Args:
        target: a name of a corpus.
        folder: where a file that fails is kept.
        num_files: at most as many files; 0 for as many as the time allows.
        seconds: at most as long, beside the time to start.
        seed: the same seed tries the same files.
    """
    found = folder / f"{target}.bin"
    words = [target, found, num_files, seconds, seed]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.fuzzing.one_target", *map(str, words)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if ran.returncode == 0:
        return Outcome(target, False, ran.stdout.strip(), found)
    return Outcome(target, True, _shorten(ran.stderr), found)


def _shorten(said: str) -> str:
    """Return the last lines of a traceback, without the content of the file, which is kept."""
    lines = [line for line in said.strip().splitlines() if "content=" not in line]
    return "\n".join(line[:_MAX_LINE_CHARS] for line in lines[-_MAX_LINES:])


def main() -> int:
    """Fuzz the targets one after another; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__)
    parser.add_argument("targets", nargs="*", default=[*CORPORA], metavar="TARGET")
    parser.add_argument("--minutes", type=float, default=3.0, help="of all together (default 3)")
    parser.add_argument("--seed", type=int, help="of the first files (default: the clock)")
    chosen = parser.parse_args()
    if unknown := set(chosen.targets) - set(CORPORA):
        parser.error(f"the targets are {', '.join(CORPORA)}, got {', '.join(sorted(unknown))}")
    seed = int(time.time()) if chosen.seed is None else chosen.seed
    folder = Path(tempfile.mkdtemp(prefix="lienet-fuzz-found-"))
    seconds = chosen.minutes * 60 / len(chosen.targets)
    failed = False
    for target in chosen.targets:
        outcome = fuzz_apart(target, folder, seconds=seconds, seed=seed)
        failed |= outcome.has_failed
        sys.stdout.write(f"{outcome.said}\n")
        if outcome.has_failed:
            sys.stdout.write(f"{target}: failed by {outcome.found} (seed {seed})\n")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
