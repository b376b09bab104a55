"""A part is hashed as it grows, written once it is much, and renamed only when it is right."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from lienet.transfer.partial_files import FLUSH_BYTES, WORTH_BYTES, Part
from lienet.transfer.requests import Arrived, Fault, Wanted

CONTENT = bytes(range(256)) * 1000
MD5 = hashlib.md5(CONTENT).hexdigest()
KNOWN = {"sha256": hashlib.sha256(CONTENT).hexdigest(), "is_image": False}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "file"


def make(target: Path, **known: object) -> Part:
    return Part(Wanted("http://a", target.name, **{**KNOWN, **known}), target.parent)  # type: ignore[arg-type]


def names(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir()) if target.parent.exists() else []


def test_a_small_file_is_written_only_when_it_is_right(target: Path):
    part = make(target)
    for at in range(0, len(CONTENT), 1000):
        part.hold(CONTENT[at : at + 1000])
    assert names(target) == []
    arrived = part.finish()
    assert isinstance(arrived, Arrived)
    assert (arrived.status, arrived.sha256, arrived.md5) == ("fetched", KNOWN["sha256"], "")
    assert names(target) == ["file"]
    assert target.read_bytes() == CONTENT


def test_wrong_bytes_never_touch_the_disk(target: Path):
    part = make(target)
    part.hold(b"wrong")
    verdict = part.finish()
    assert isinstance(verdict, Fault)
    assert verdict.reason == "wrong sha256"
    assert names(target) == []


def test_much_is_written_while_it_comes(target: Path):
    part = make(target, sha256=None)
    part.version = '"v"'
    assert part.hold(bytes(FLUSH_BYTES)) == FLUSH_BYTES
    part.absorb()
    assert names(target) == ["file.part", "file.part.version"]
    part.hold(b"end")
    arrived = part.finish()
    assert isinstance(arrived, Arrived)
    assert arrived.size_bytes == FLUSH_BYTES + 3
    assert arrived.sha256 == hashlib.sha256(bytes(FLUSH_BYTES) + b"end").hexdigest()
    assert names(target) == ["file"]


@pytest.mark.parametrize(("num_bytes", "is_kept"), [(WORTH_BYTES, True), (WORTH_BYTES - 1, False)])
def test_what_is_given_up_is_kept_if_it_is_much(target: Path, num_bytes: int, is_kept: bool):
    part = make(target)
    part.hold(bytes(num_bytes))
    part.give_up()
    assert names(target) == (["file.part"] if is_kept else [])


def test_a_later_run_continues_with_the_same_hashes(target: Path):
    first = make(target)
    first.version = '"v"'
    first.hold(CONTENT[:70_000])
    first.write()
    part = make(target)
    assert part.take_up() is None
    assert (part.size_bytes, part.version, part.can_continue) == (70_000, '"v"', True)
    part.expect_md5()
    part.hold(CONTENT[70_000:])
    arrived = part.finish(MD5)
    assert isinstance(arrived, Arrived)
    assert (arrived.status, arrived.md5) == ("resumed", MD5)
    assert names(target) == ["file"]


def test_an_md5_that_is_expected_late_covers_what_came_before(target: Path):
    part = make(target)
    part.hold(CONTENT[:1000])
    part.settle()
    part.hold(CONTENT[1000:2000])
    part.expect_md5()
    part.hold(CONTENT[2000:])
    arrived = part.finish(MD5)
    assert isinstance(arrived, Arrived)
    assert arrived.md5 == MD5


@pytest.mark.parametrize(
    ("found", "known"),
    [
        (CONTENT[:70_000], {"sha256": None}),  # no version and no hash: two files could meet
        (CONTENT, {"size_bytes": len(CONTENT) - 1}),
        (b"", {}),
    ],
)
def test_a_part_of_no_use_is_discarded(target: Path, found: bytes, known: dict[str, object]):
    target.parent.mkdir()
    target.with_name("file.part").write_bytes(found)
    part = make(target, **known)
    assert part.take_up() is None
    assert (part.size_bytes, names(target)) == (0, [])


def test_a_whole_part_needs_only_its_name(target: Path):
    target.parent.mkdir()
    target.with_name("file.part").write_bytes(CONTENT)
    arrived = make(target, size_bytes=len(CONTENT)).take_up()
    assert arrived is not None
    assert (arrived.status, names(target)) == ("resumed", ["file"])


def test_a_target_is_present_only_if_it_is_the_file(target: Path):
    target.parent.mkdir()
    target.write_bytes(CONTENT)
    target.with_name("file.part").write_bytes(b"left over")
    arrived = make(target, size_bytes=len(CONTENT)).take_up()
    assert arrived is not None
    assert (arrived.status, arrived.sha256) == ("present", KNOWN["sha256"])
    assert names(target) == ["file"]
    assert make(target, size_bytes=5).take_up() is None
    assert make(target, sha256="0" * 64).take_up() is None
    assert target.read_bytes() == CONTENT


def test_a_discarded_part_begins_anew(target: Path):
    part = make(target)
    part.hold(b"wrong")
    part.write()
    part.discard()
    assert names(target) == []
    part.hold(CONTENT)
    assert isinstance(part.finish(), Arrived)
