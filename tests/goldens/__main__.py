"""``python -m tests.goldens [REVISION]``: run the pipeline of another commit and of this tree.

Both run a small profile of every task, one after another on this machine, and every output is held
against its counterpart; what differs is listed and the exit code is 1. With ``--write`` this tree
alone runs, and its hashes become ``tests/goldens/hashes.json``; on a processor of another kind the
test then compares what no floating-point sum decides.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import ROOT, SETTINGS, UNSET
from tests.goldens.outputs import compare, hash_outputs
from tests.goldens.processor import describe_processor

HASHES = Path(__file__).with_name("hashes.json")
_RUN = (
    "import sys; from pathlib import Path; from tests.small_clone import make_tiny_clone; "
    "make_tiny_clone(Path.cwd(), Path(sys.argv[1])).run('dvc', 'repro')"
)


def main() -> int:
    """Compare or write; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.goldens", description=__doc__)
    parser.add_argument("revision", nargs="?", default="HEAD")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="goldens-") as name:
        folder = Path(name)
        after = _run_pipeline(ROOT, folder / "this tree")
        if chosen.write:
            _write(after)
            return 0
        checkout = folder / "checkout"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", checkout, chosen.revision], check=True)
        try:
            before = _run_pipeline(checkout, folder / "other commit")
        finally:
            subprocess.run([*git, "remove", "--force", checkout], check=True)
    differences = compare(before, after)
    sys.stdout.writelines(f"{line}\n" for line in differences)
    sys.stdout.write(f"{len(before)} outputs before, {len(after)} now\n")
    return 1 if differences else 0


def _run_pipeline(checkout: Path, folder: Path) -> dict[str, str]:
    """Run the pipeline of a checkout in a small clone of it; return the hashes of its outputs."""
    environment = {name: value for name, value in os.environ.items() if name not in UNSET}
    command = [sys.executable, "-c", _RUN, folder]
    subprocess.run(
        command,
        cwd=checkout,
        env=environment | SETTINGS | {"PYTHONPATH": str(checkout)},
        check=True,
    )
    return hash_outputs(folder / "a clone", folder / "some pictures")


def _write(hashes: dict[str, str]) -> None:
    known = {describe_processor(): hashes}  # those of other processors were of another tree
    HASHES.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
