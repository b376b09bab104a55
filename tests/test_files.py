"""Files appear whole or not at all, and their hashes are the published ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lienet.errors import InputError
from lienet.files import (
    explaining_disk_errors,
    locked,
    replacing,
    replacing_folder,
    sha256_of_file,
    sha256_of_json,
    write_bytes,
    write_json,
    write_text,
)

# FIPS 180-2's first example.
SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_content_replaces_content(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "file"
    write_bytes(path, b"one")
    write_text(path, "zwölf")
    assert path.read_bytes() == b"zw\xc3\xb6lf"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_failure_leaves_the_old_content_and_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")
    with pytest.raises(TypeError), replacing(path) as beside:
        beside.write_text(None)  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_content_lies_beside_until_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with replacing(path) as beside:
        beside.write_bytes(b"new")
        assert beside.parent == path.parent
        assert not path.exists()
    assert path.read_bytes() == b"new"


def test_files_have_the_usual_permissions(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_bytes(tmp_path / "file", b"")
        with replacing_folder(tmp_path / "folder"):
            pass
    finally:
        os.umask(mask)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o750


def test_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match=r"cannot write .*/file/below") as caught:
        write_bytes(tmp_path / "file" / "below", b"")
    assert "\n" not in str(caught.value)


def test_disk_error_names_the_path_the_cause_and_what_to_do():
    with (
        pytest.raises(InputError, match="cannot write x: full; make room"),
        explaining_disk_errors(Path("x"), remedy="make room"),
    ):
        raise OSError(28, "full")


def test_what_a_killed_run_left_beside_a_folder_is_removed(tmp_path: Path) -> None:
    leftover, other = tmp_path / ".folder.abcd.part", tmp_path / ".folders.abcd.part"
    for path in (leftover, other):
        path.mkdir()
    with replacing_folder(tmp_path / "folder"):
        assert not leftover.exists()
    assert other.exists()


def test_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "old").write_bytes(b"")
    with replacing_folder(folder) as beside:
        (beside / "new").write_bytes(b"")
        assert (folder / "old").exists()
    assert [entry.name for entry in folder.iterdir()] == ["new"]


def test_failure_leaves_the_old_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "old").write_bytes(b"")
    with pytest.raises(FileNotFoundError), replacing_folder(folder) as beside:
        (beside / "absent").read_bytes()
    assert [entry.name for entry in folder.iterdir()] == ["old"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_json_is_sorted_and_ends_with_a_newline(tmp_path: Path) -> None:
    write_json(tmp_path / "file", {"b": 1, "a": [1.5]})
    text = (tmp_path / "file").read_text()
    assert text.endswith("}\n")
    assert text.index('"a"') < text.index('"b"')
    assert json.loads(text) == {"a": [1.5], "b": 1}


def test_json_refuses_what_is_no_number(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nan"):
        write_json(tmp_path / "file", {"psnr_db": float("nan")})
    assert not (tmp_path / "file").exists()


def test_hashes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256_of_file(tmp_path / "file") == SHA256_OF_ABC
    assert sha256_of_json({"b": 1, "a": 2}) == sha256_of_json({"a": 2, "b": 1})
    assert sha256_of_json({"a": 1}) != sha256_of_json({"a": 2})


def test_a_lock_makes_another_process_wait_and_ends_with_its_own(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lock"
    code = (
        "import pathlib, sys, time; from lienet.files import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    waiting = subprocess.Popen(
        [sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True
    )
    assert waiting.stdout is not None
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(1.0)
    holder.kill()
    assert waiting.stdout.readline() == "held\n"
    for process in (holder, waiting):
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]


def test_a_lock_that_is_held_can_be_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        locked(path),
        pytest.raises(InputError, match=r"another run is at work in .*; wait for it to end"),
        locked(path, waits=False),
    ):
        pass
    with locked(path, waits=False):
        assert path.exists()


def test_a_lock_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(InputError, match=r"cannot write .*file/lock: File exists; check"),
        locked(tmp_path / "file" / "lock"),
    ):
        pass


def test_threads_hold_a_lock_one_after_the_other(tmp_path: Path) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(5):
            with locked(tmp_path / "lock"):
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
