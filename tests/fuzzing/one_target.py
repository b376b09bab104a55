"""One target fuzzed in this process, which may die of it: its parent finds the file that did it."""

from __future__ import annotations

import faulthandler
import gc
import itertools
import os
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.conftest import SETTINGS, UNSET
from tests.fuzzing.corpus import make_corpus
from tests.fuzzing.mutations import break_files
from tests.fuzzing.targets import open_target

MAX_SECONDS_A_FILE = 60.0
_FILES_A_ROUND = 200
_PHASES = (Phase.generate, Phase.shrink)


def fuzz(name: str, found: Path, *, num_files: int | None, seconds: float, first_seed: int) -> int:
    """Read broken files until there are enough of them, or the time is over.

    Args:
        name: of the target.
        found: where the file that is being read lies, and stays if it is one that fails.
        num_files: at most as many; None for as many as the time allows.
        seconds: at most as long.
        first_seed: the same seed tries the same files.

    Returns:
        How many files were read.

    Raises:
        Exception: what a file leads to that is no expected error; hypothesis has made it small.
    """
    with tempfile.TemporaryDirectory(prefix="lienet-fuzz-") as text:
        folder = Path(text)
        seeds = make_corpus(name, folder)
        read = open_target(name, folder)
        for content in seeds:
            found.write_bytes(content)
            read(content)
        count, end = len(seeds), time.monotonic() + seconds
        for number in itertools.count(first_seed):
            left = _FILES_A_ROUND if num_files is None else min(_FILES_A_ROUND, num_files - count)
            if left <= 0 or time.monotonic() >= end:
                return count

            @seed(number)
            @settings(
                max_examples=left,
                deadline=None,
                database=None,
                report_multiple_bugs=False,
                phases=_PHASES,
                suppress_health_check=[*HealthCheck],
            )
            @given(break_files(seeds))
            def try_one(content: bytes) -> None:
                found.write_bytes(content)
                faulthandler.dump_traceback_later(MAX_SECONDS_A_FILE, exit=True)
                read(content)

            try:
                try_one()
            finally:
                faulthandler.cancel_dump_traceback_later()
            gc.collect()
            count += left
    raise AssertionError("counting has no end")


def main() -> None:
    """Fuzz as the command line says: target, place of what is found, files, seconds, seed."""
    for variable in UNSET:
        os.environ.pop(variable, None)
    os.environ.update(SETTINGS)
    faulthandler.enable()
    name, found, num_files, seconds, first_seed = sys.argv[1:]
    count = fuzz(
        name,
        Path(found),
        num_files=int(num_files) or None,
        seconds=float(seconds),
        first_seed=int(first_seed),
    )
    sys.stdout.write(f"{name}: {count} files\n")


if __name__ == "__main__":
    main()
