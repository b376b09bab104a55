"""Reading shards back: by us, by webdataset, in part, and when they are broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lienet.errors import DataError
from lienet.shards.reading import Sample, iterate_samples, read_index, stream_shard
from lienet.shards.writing import write_split

SAMPLES = [
    Sample(f"img_{number}", b"png" * number, {2: b"two", 4: b"four"}, {"top_px": number})
    for number in range(1, 8)
]


@pytest.fixture
def split_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder" / "train"
    write_split(folder, SAMPLES, task="sr", split="train", params={}, shard_max_bytes=3 * 4 * 1024)
    assert [shard.num_samples for shard in read_index(folder).shards] == [3, 3, 1]
    return folder


def test_samples_come_back_in_order(split_dir: Path):
    assert list(iterate_samples(split_dir)) == SAMPLES


def test_webdataset_reads_them(split_dir: Path):
    import webdataset

    for shard, expected in (("000000.tar", SAMPLES[:3]), ("000002.tar", SAMPLES[6:])):
        with (split_dir / shard).open("rb") as stream:
            files = webdataset.tariterators.tar_file_expander([{"url": shard, "stream": stream}])
            read = list(webdataset.tariterators.group_by_keys(files))
        assert [sample["__key__"] for sample in read] == [sample.key for sample in expected]
        for got, sample in zip(read, expected, strict=True):
            assert got["ref.png"] == sample.reference_png
            assert got["x2.jpg"] == b"two"
            assert got["x4.jpg"] == b"four"
            assert json.loads(got["json"]) == sample.info


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_class_that_people_use_reads_them(split_dir: Path):
    import webdataset

    urls = [str(path) for path in sorted(split_dir.glob("*.tar"))]
    read = [sample["__key__"] for sample in webdataset.WebDataset(urls, shardshuffle=False)]
    assert read == [sample.key for sample in SAMPLES]


def test_one_shard_streams_through_webdataset(split_dir: Path):
    assert list(stream_shard(split_dir, read_index(split_dir).shards[1])) == SAMPLES[3:6]


def test_only_what_is_asked_for_is_read(split_dir: Path):
    wanted = {"img_2", "img_7"}
    assert [sample.key for sample in iterate_samples(split_dir, keys=wanted)] == ["img_2", "img_7"]
    assert list(iterate_samples(split_dir, positions=[0, 4, 6])) == [SAMPLES[i] for i in (0, 4, 6)]
    (split_dir / "000001.tar").write_bytes(b"\0" * (split_dir / "000001.tar").stat().st_size)
    assert list(iterate_samples(split_dir, positions={1, 6})) == [SAMPLES[1], SAMPLES[6]]


def test_a_missing_split_names_its_folder_and_the_remedy(tmp_path: Path):
    with pytest.raises(DataError, match=f"no shards in {tmp_path}; run `lienet synthesize`"):
        read_index(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [("num_samples", 8), ("sha256", "0" * 64), ("split", "exam"), ("shards", "none")],
)
def test_an_index_that_does_not_hold_together_is_refused(name: str, value: object, split_dir: Path):
    path = split_dir / "index.json"
    index = json.loads(path.read_text())
    path.write_text(json.dumps({**index, name: value}))
    with pytest.raises(DataError, match=r"index\.json"):
        read_index(split_dir)


def test_a_shard_cut_short_is_refused_by_its_size(split_dir: Path):
    path = split_dir / "000001.tar"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"000001.tar has \d+ bytes, got \d+"):
        list(iterate_samples(split_dir))


def test_a_broken_shard_is_named(split_dir: Path):
    path = split_dir / "000000.tar"
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(DataError, match=r"000000.tar cannot be read"):
        list(iterate_samples(split_dir))
    with pytest.raises(DataError, match=r"000000.tar cannot be read"):
        list(stream_shard(split_dir, read_index(split_dir).shards[0]))


def test_a_broken_header_does_not_pass_for_the_end(split_dir: Path):
    path = split_dir / "000000.tar"
    path.write_bytes(path.read_bytes().replace(b"img_2.ref.png", b"img_2.ref.gif", 1))
    for read in (iterate_samples(split_dir), stream_first(split_dir)):
        with pytest.raises(DataError, match=r"000000\.tar has 3 samples, got 1"):
            list(read)


def test_a_sample_without_its_reference_is_named(split_dir: Path):
    path = split_dir / "000000.tar"
    content = path.read_bytes()
    start = content.index(b"img_2.ref.png")
    header = bytearray(content[start : start + 512].replace(b".png", b".gif"))
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    path.write_bytes(content[:start] + bytes(header) + content[start + 512 :])
    for read in (iterate_samples(split_dir), stream_first(split_dir)):
        with pytest.raises(DataError, match=r"sample img_2 of shard 000000\.tar lacks members"):
            list(read)


def stream_first(split_dir: Path) -> Iterator[Sample]:
    return stream_shard(split_dir, read_index(split_dir).shards[0])
