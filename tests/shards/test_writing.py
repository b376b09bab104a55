"""Shards carry nothing but their samples: the same samples, the same bytes, whole or not at all."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from lienet.files import sha256_of_file
from lienet.shards.reading import Sample, ShardIndex, iterate_samples, read_index
from lienet.shards.writing import write_split

SAMPLES = [
    Sample(
        f"img{number // 2}_{number % 2}",
        bytes([number]) * 700,
        {4: b"four", 2: b"two"},
        {"source": "s", "image": f"img{number // 2}"},
    )
    for number in range(6)
]
# Each member has a header and its content padded, in blocks of 512: 2 + 2 + 2 + 1 more for 700.
SAMPLE_BYTES = 512 * (3 + 2 + 2 + 2)


def write(folder: Path, samples: list[Sample] = SAMPLES, max_bytes: int = 10**6) -> ShardIndex:
    return write_split(
        folder, samples, task="sr", split="train", params={"a": 1}, shard_max_bytes=max_bytes
    )


def read_tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_samples_give_the_same_bytes_wherever_and_whenever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path / "one" / "train")
    monkeypatch.setattr("time.time", lambda: 1e9)
    monkeypatch.setattr(os, "getuid", lambda: 1234)
    write(tmp_path / "two" / "train")
    assert read_tree(tmp_path / "one" / "train") == read_tree(tmp_path / "two" / "train")


def test_members_name_no_time_and_nobody(tmp_path: Path):
    write(tmp_path / "train")
    with tarfile.open(tmp_path / "train" / "000000.tar") as archive:
        members = archive.getmembers()
    assert [member.name for member in members[:4]] == [
        "img0_0.ref.png",
        "img0_0.x2.jpg",
        "img0_0.x4.jpg",
        "img0_0.json",
    ]
    for member in members:
        assert (member.mtime, member.uid, member.gid) == (0, 0, 0)
        assert (member.uname, member.gname, member.mode) == ("", "", 0o444)


def test_the_index_says_what_is_there(tmp_path: Path):
    written = write(tmp_path / "train")
    assert read_index(tmp_path / "train") == written
    assert (written.task, written.split, written.params) == ("sr", "train", {"a": 1})
    assert (written.num_samples, written.num_images) == (6, 3)
    (entry,) = written.shards
    path = tmp_path / "train" / entry.name
    assert entry.name == "000000.tar"
    assert entry.sha256 == sha256_of_file(path)
    assert entry.size_bytes == path.stat().st_size


def test_a_new_shard_begins_before_one_grows_too_large(tmp_path: Path):
    written = write(tmp_path / "train", max_bytes=4 * SAMPLE_BYTES)
    assert [shard.num_samples for shard in written.shards] == [4, 2]
    assert [shard.name for shard in written.shards] == ["000000.tar", "000001.tar"]
    tight = write(tmp_path / "tight", max_bytes=4 * SAMPLE_BYTES - 1)
    assert [shard.num_samples for shard in tight.shards] == [3, 3]
    assert len(write(tmp_path / "tiny", max_bytes=1).shards) == 6
    assert [sample.key for sample in iterate_samples(tmp_path / "tiny")] == [
        sample.key for sample in SAMPLES
    ]


def test_long_keys_are_kept_whole(tmp_path: Path):
    key = "k" * 300
    write(tmp_path / "train", [Sample(key, b"p", {2: b"j"}, {})])
    assert [sample.key for sample in iterate_samples(tmp_path / "train")] == [key]


def test_an_empty_split_is_an_index_without_shards(tmp_path: Path):
    written = write(tmp_path / "valid", [])
    assert (written.num_samples, written.shards) == (0, ())
    assert list(iterate_samples(tmp_path / "valid")) == []


def test_a_split_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path):
    write(tmp_path / "train")
    before = read_tree(tmp_path / "train")

    def break_off() -> Iterator[Sample]:
        yield SAMPLES[3]
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        write_split(
            tmp_path / "train",
            break_off(),
            task="sr",
            split="train",
            params={},
            shard_max_bytes=10,
        )
    assert read_tree(tmp_path / "train") == before
    assert [path.name for path in tmp_path.iterdir()] == ["train"]


def test_what_a_killed_run_left_is_swept_away(tmp_path: Path):
    left_over = tmp_path / ".train.abc.part"
    left_over.mkdir()
    (left_over / "000000.tar").write_bytes(b"half")
    write(tmp_path / "train")
    assert [path.name for path in tmp_path.iterdir()] == ["train"]


def test_only_one_sample_is_held_at_a_time(tmp_path: Path):
    """A sample is asked for only when the one before it is in its shard."""
    sizes: list[int] = []

    def watch() -> Iterator[Sample]:
        for sample in SAMPLES:
            (part,) = tmp_path.glob(".train.*.part")
            sizes.append(sum(path.stat().st_size for path in part.iterdir()))
            yield Sample(sample.key, os.urandom(100_000), {2: b"j"}, {})

    write_split(
        tmp_path / "train", watch(), task="sr", split="train", params={}, shard_max_bytes=150_000
    )
    assert len(sizes) == 6
    assert all(later - earlier >= 90_000 for earlier, later in pairwise(sizes))
