"""Many files into one folder: under faults, kills, full disks, and beside another run."""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from lienet.errors import InputError, TransferError
from lienet.transfer.batches import FetchResult, RemoteFile, fetch_all
from lienet.transfer.requests import LOCK_NAME
from tests.transfer.faults import FaultServer, content_of
from tests.transfer.killed import fetch_slowly
from tests.transfer.limits import LIMITS as SHORT

LIMITS = SHORT.model_copy(
    update={
        "concurrency_per_host": 32,
        "retries": 8,
        "backoff_s": 0.01,
        "backoff_max_s": 0.5,
        "connect_timeout_s": 10.0,
        "stall_timeout_s": 2.0,
        "total_timeout_s": 20.0,
        "max_failed_share": 0.05,
    }
)
NUM_FILES = int(os.environ.get("LIENET_TEST_FILES", "2000"))  # 10,000 for the full proof
NUM_KILLS = 30
PASSING = (
    *("429.ok", "429d.ok", "500.ok", "503.500.ok", "reset.ok", "reset.cut.ok", "cut.ok"),
    *("nolength.ok", "flip.ok", "flip.html.ok", "html.ok", "empty.ok", "cut.wrongrange.ok"),
    *("cut.norange", "cut.liar.ok", "redirect", "garbage.ok", "gzip.ok", "cut.flip.500.ok"),
)
SLOW_PASSING = ("drip.ok", "silent.ok")  # fewer, as each takes a stall_timeout_s
LASTING = {
    "404": "404",
    "410": "410",
    "403": "status 403",
    "500": "status 500",
    "html": "html",
    "empty": "empty",
    "flip": "wrong sha256",
    "loop": "too many redirects",
    "reset": "broken off",
}


def want(server: FaultServer, number: int, script: str = "ok", size_bytes: int = 0) -> RemoteFile:
    size_bytes = size_bytes or 500 + number * 37 % 5000
    content = content_of(number, size_bytes)
    return RemoteFile(
        server.url(script, number, size_bytes),
        f"{number % 10}/{number}.jpg",
        size_bytes if number % 2 else None,
        hashlib.sha256(content).hexdigest(),
    )


def read_tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != LOCK_NAME
    }


def content_for(file: RemoteFile) -> bytes:
    number, size_bytes = file.url.rpartition("/")[2].split("-")
    return content_of(int(number), int(size_bytes))


def test_no_file_is_lost_when_a_fifth_of_the_answers_are_faults(
    server: FaultServer, tmp_path: Path
):
    draw = random.Random(4)
    scripts = []
    for _ in range(NUM_FILES):
        at = draw.random()
        faults = tuple(LASTING) if at < 0.02 else SLOW_PASSING if at < 0.022 else PASSING
        scripts.append(draw.choice(faults) if at < 0.2 else "ok")
    files = [want(server, number, script) for number, script in enumerate(scripts)]
    result = {result.file.name: result for result in fetch_all(files, tmp_path, LIMITS)}
    assert len(result) == NUM_FILES
    expected = {}
    for file, script in zip(files, scripts, strict=True):
        assert result[file.name].reason == LASTING.get(script, ""), script
        if script not in LASTING:
            expected[file.name] = content_for(file)
            assert result[file.name].sha256 == file.sha256
    assert read_tree(tmp_path) == expected
    assert len(LASTING) <= NUM_FILES - len(expected) < 0.05 * NUM_FILES


def test_existing_files_are_verified_and_not_fetched_again(server: FaultServer, tmp_path: Path):
    files = [want(server, number) for number in range(40_000, 40_020)]
    list(fetch_all(files, tmp_path, LIMITS))
    (tmp_path / files[3].name).write_bytes(b"changed by somebody")
    counts = Counter(result.status for result in fetch_all(files, tmp_path, LIMITS))
    assert counts == {"present": 19, "fetched": 1}
    assert [len(server.requests(files[number].url)) for number in (2, 3)] == [1, 2]
    assert read_tree(tmp_path) == {file.name: content_for(file) for file in files}


def start_fetching(files: list[RemoteFile], folder: Path) -> BaseProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.transfer.killed", "lienet.transfer.http_client"])
    process = context.Process(target=fetch_slowly, args=(files, folder, LIMITS))
    process.start()
    return process


def test_thirty_kills_leave_the_same_files_as_an_unbroken_run(server: FaultServer, tmp_path: Path):
    draw = random.Random(5)
    scripts = ("ok", "ok", "ok", "cut.ok", "flip.ok", "500.ok")
    files = [want(server, number, draw.choice(scripts)) for number in range(50_000, 50_900)]
    files[100:100] = [want(server, 60_000 + i, "slow", 6 * 2**20) for i in range(2)]
    by_name = {file.name: file for file in files}
    num_killed = 0
    proven: set[str] = set()
    for _ in range(NUM_KILLS):
        process = start_fetching(files, tmp_path)
        deadline_s = time.monotonic() + 20.0
        while len(names_in(tmp_path)) == len(proven) and time.monotonic() < deadline_s:
            time.sleep(0.005)  # until it is at work, however busy the machine is
        time.sleep(draw.uniform(0.0, 0.1))
        process.kill()
        process.join()
        num_killed += process.exitcode == -9
        for name in names_in(tmp_path) - proven:
            assert (tmp_path / name).read_bytes() == content_for(by_name[name])
            proven.add(name)
    assert num_killed >= NUM_KILLS - 5
    statuses = Counter(result.status for result in fetch_all(files, tmp_path, LIMITS))
    assert statuses["present"] >= NUM_KILLS
    assert sum(statuses.values()) == len(files)
    assert read_tree(tmp_path) == {file.name: content_for(file) for file in files}


def names_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg")}


def test_a_large_file_is_continued_by_the_next_run(server: FaultServer, tmp_path: Path):
    files = want(server, 61_000, "slow", 12 * 2**20)
    process = start_fetching([files], tmp_path)
    part = tmp_path / f"{files.name}.part"
    deadline_s = time.monotonic() + 30.0
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline_s:
        time.sleep(0.005)
    process.kill()
    process.join()
    num_bytes = part.stat().st_size
    (result,) = fetch_all([files], tmp_path, LIMITS)
    assert result.status == "resumed"
    assert server.requests(files.url)[-1]["range"] == f"bytes={num_bytes}-"
    assert read_tree(tmp_path) == {files.name: content_for(files)}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB; needs to be allowed to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a tmpfs is not permitted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk_is_one_line_and_keeps_what_came(server: FaultServer, small_disk: Path):
    files = [want(server, number, size_bytes=5000) for number in range(70_000, 70_200)]
    with pytest.raises(InputError, match=r"cannot write .*: No space left on device; ") as caught:
        list(fetch_all(files, small_disk, LIMITS))
    assert "\n" not in str(caught.value)
    kept = {name: body for name, body in read_tree(small_disk).items() if name.endswith(".jpg")}
    assert len(kept) >= 10
    known = {file.name: content_for(file) for file in files}
    assert all(body == known[name] for name, body in kept.items())
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    statuses = Counter(result.status for result in fetch_all(files, small_disk, LIMITS))
    assert statuses["present"] == len(kept)
    assert read_tree(small_disk) == known


def test_read_only_folder_is_one_line(server: FaultServer, small_disk: Path):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for folder in (small_disk, small_disk / "inside"):
        with pytest.raises(InputError, match="Read-only file system; ") as caught:
            list(fetch_all([want(server, 1)], folder, LIMITS))
        assert "\n" not in str(caught.value)
    assert server.requests(want(server, 71_000).url) == []


def test_folder_that_is_a_file_is_one_line(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match=r"cannot write .*: File exists; "):
        list(fetch_all([], tmp_path / "file", LIMITS))


def test_second_run_into_a_folder_is_refused_and_the_first_goes_on(
    server: FaultServer, tmp_path: Path
):
    files = [want(server, number) for number in range(72_000, 72_030)]
    first = fetch_all(files, tmp_path, LIMITS)
    results = [next(first)]
    with pytest.raises(InputError, match=r"another run is at work in .*; wait for it"):
        next(fetch_all(files, tmp_path, LIMITS))
    results.extend(first)
    assert {result.status for result in results} == {"fetched"}
    assert read_tree(tmp_path) == {file.name: content_for(file) for file in files}


def test_closing_the_iterator_ends_its_transfers(server: FaultServer, tmp_path: Path):
    files = [want(server, 73_000), want(server, 73_001, "slow", 12 * 2**20)]
    running = fetch_all(files, tmp_path, LIMITS)
    assert next(running).file is files[0]
    running.close()
    assert all(result.is_stored for result in fetch_all(files, tmp_path, LIMITS))


def test_unsafe_and_duplicate_names_are_refused(server: FaultServer, tmp_path: Path):
    names = ["../up.jpg", "/top.jpg", "a//b.jpg", ".lock", "a.jpg.part", "", "x" * 300, "a.jpg"]
    files = [RemoteFile(server.url("ok", 1), name) for name in [*names, "a.jpg"]]
    limits = LIMITS.model_copy(update={"max_failed_share": 1.0})
    results = list(fetch_all(files, tmp_path / "inside", limits))
    reasons = Counter(result.reason for result in results)
    assert reasons == {"unsafe name": 7, "duplicate name": 1, "": 1}
    assert list(read_tree(tmp_path)) == ["inside/a.jpg"]


def test_file_that_cannot_be_stored_does_not_stop_the_others(server: FaultServer, tmp_path: Path):
    (tmp_path / "0/0.jpg").mkdir(parents=True)
    limits = LIMITS.model_copy(update={"max_failed_share": 0.5})
    results = list(fetch_all([want(server, 0), want(server, 1)], tmp_path, limits))
    assert sorted(result.reason for result in results) == ["", "cannot be stored"]


def test_too_many_failures_raise_at_the_end(server: FaultServer, tmp_path: Path):
    scripts = ["404", "403", *["ok"] * 6]
    files = [want(server, 74_000 + number, script) for number, script in enumerate(scripts)]
    enough = LIMITS.model_copy(update={"max_failed_share": 0.25})
    assert len(list(fetch_all(files, tmp_path, enough))) == 8
    results: list[FetchResult] = []
    few = LIMITS.model_copy(update={"max_failed_share": 0.2})
    with pytest.raises(TransferError, match="2 of 8 files are not there") as caught:
        results.extend(fetch_all(files, tmp_path, few))
    assert len(results) == 8
    assert "1 missing: 404, 1 refused: status 403" in str(caught.value)


def test_thousand_refusals_in_a_row_raise_at_once(tmp_path: Path):
    files = (RemoteFile("http://127.0.0.1:9/a", f"{number}.jpg") for number in range(10**9))
    limits = LIMITS.model_copy(update={"retries": 0, "max_failed_share": 1.0})
    with pytest.raises(TransferError, match=r"1000 files in a row were refused, .*cannot connect"):
        list(fetch_all(files, tmp_path, limits))


def test_files_are_read_as_they_are_fetched(server: FaultServer, tmp_path: Path):
    num_read = 0

    def wanting() -> Iterator[RemoteFile]:
        nonlocal num_read
        for number in range(10**9):
            num_read += 1
            yield want(server, 75_000 + number % 5000)

    running = fetch_all(wanting(), tmp_path, LIMITS)
    for count, _ in zip(range(300), running, strict=False):
        assert num_read <= count + 1 + 8 * LIMITS.concurrency_per_host
    running.close()
    assert num_read < 600


def test_counts_are_logged_at_the_end(
    server: FaultServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, logger="lienet.transfer.batches")
    files = [want(server, 76_000), want(server, 76_001, "404"), want(server, 76_002, "html")]
    limits = LIMITS.model_copy(update={"max_failed_share": 1.0, "retries": 1})
    list(fetch_all(files, tmp_path, limits, label="photos"))
    counts = "1 fetched, 0 resumed, 0 present, 1 missing, 1 refused"
    assert caplog.messages == [f"photos: {counts} (1 missing: 404, 1 refused: html)"]
