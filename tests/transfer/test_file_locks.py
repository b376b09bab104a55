"""One at a time, whoever died before, and no file left behind."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from lienet.errors import InputError
from lienet.transfer.file_locks import explaining, holding


def test_a_lock_is_held_by_one_and_leaves_nothing(tmp_path: Path):
    lock = tmp_path / ".lock"
    with holding(lock, whose=tmp_path):
        with (
            pytest.raises(InputError, match="another run is fetching into"),
            holding(lock, whose=tmp_path),
        ):
            pass
        assert lock.exists()
    assert not lock.exists()
    with holding(lock, whose=tmp_path):
        pass


def test_the_file_of_one_who_died_is_no_lock(tmp_path: Path):
    (tmp_path / ".lock").write_bytes(b"")
    with holding(tmp_path / ".lock", whose=tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_those_who_wait_have_it_one_after_the_other(tmp_path: Path):
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with holding(tmp_path / ".lock", whose=tmp_path, waits=True):
                inside += 1
                most = max(most, inside)
                os.sched_yield()
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert list(tmp_path.iterdir()) == []


def test_a_failing_disk_is_one_line(tmp_path: Path):
    with (
        pytest.raises(InputError, match=r"cannot write .*: No such file or directory; "),
        holding(tmp_path / "none" / ".lock", whose=tmp_path),
    ):
        pass
    with pytest.raises(InputError, match=r"cannot write x: full; "), explaining(Path("x")):
        raise OSError(28, "full")
