"""What the tests share is made once: the tests of a group run in one worker, in order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
import os
import pytest

@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(8))
def test_worker(number):
    with open("workers.txt", "a") as file:
        print(os.environ["PYTEST_XDIST_WORKER"], number, file=file)
"""


def test_a_group_runs_in_one_worker_in_order(tmp_path: Path):
    (tmp_path / "test_group.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist", "-n", "2"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(
        [*command, "--dist", "loadgroup"],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
    )
    ran = [line.split() for line in (tmp_path / "workers.txt").read_text().splitlines()]
    assert len({worker for worker, _ in ran}) == 1
    assert [int(number) for _, number in ran] == list(range(8))
