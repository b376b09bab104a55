"""Shards: tar files in webdataset's form, and the index that says what a split holds.

It owns the form and the reading, one sample held at a time, and refuses a split whose index does
not hold together; what the pixels mean is not its business.
"""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from lienet.errors import DataError
from lienet.files import sha256_of_json
from lienet.manifests.splits import ShardSplit
from lienet.params.licences import Use
from lienet.storage import name_object, read_pointer

INDEX_NAME = "index.json"
_WITHOUT_REFERENCE: ShardSplit = "real"
_REMEDY = "run `lienet synthesize` again"


@dataclass(frozen=True)
class Sample:
    """One pair as it is stored: a lossless reference and its degraded inputs, encoded."""

    key: str
    reference_png: bytes | None
    """None in the split ``real`` alone."""
    degraded: Mapping[int, bytes]
    """The bytes of each scale: JPEG where the world stores JPEG, else PNG."""
    info: Mapping[str, Any] = field(default_factory=dict)
    """Image, source, test set, place in the image in pixels, licence and author."""


class ShardEntry(BaseModel):
    """One tar file of a split."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    num_samples: int
    sha256: str
    size_bytes: int


class ShardIndex(BaseModel):
    """What a split holds: its shards, their hashes, and the params that made them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: str
    split: ShardSplit
    num_samples: int
    num_images: int
    shards: tuple[ShardEntry, ...]
    sha256: str
    """Over every shard's name and SHA-256: the identity of the data."""
    params: dict[str, Any]
    sources: dict[str, Use] = {}
    """The sources whose photographs are here, and what these may be used for."""


def read_index(split_dir: Path) -> ShardIndex:
    """Read and check a split's index.

    Raises:
        DataError: it is missing or broken, its counts or hash do not add up, or a shard that
            lies beside it is missing or of another size.
    """
    path = split_dir / INDEX_NAME
    try:
        index = ShardIndex.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DataError(f"no shards in {split_dir}", remedy=_REMEDY) from error
    except ValidationError as error:
        raise DataError(f"{path} is not an index of shards", remedy=_REMEDY) from error
    counted = sum(entry.num_samples for entry in index.shards)
    if counted != index.num_samples or hash_shards(index.shards) != index.sha256:
        raise DataError(f"{path} does not add up", remedy=_REMEDY)
    if read_pointer(split_dir) is not None:
        return index
    for entry in index.shards:
        shard_path = split_dir / entry.name
        size_bytes = shard_path.stat().st_size if shard_path.is_file() else None
        if size_bytes != entry.size_bytes:
            raise DataError(
                f"shard {shard_path} has {entry.size_bytes} bytes", got=size_bytes, remedy=_REMEDY
            )
    return index


def locate_shard(split_dir: Path, entry: ShardEntry) -> Path:
    """Return the path of a shard, fetched first if the split's shards lie in a store.

    Raises:
        DataError: it is not in the store, or is not what its hash says.
        TransferError: the store cannot be reached.
    """
    store = read_pointer(split_dir)
    if store is None:
        return split_dir / entry.name
    return store.fetch(name_of_shard(entry.sha256), entry.sha256)


def name_of_shard(sha256: str) -> str:
    """Return what a store calls a shard."""
    return name_object("shards", sha256, ".tar")


def iterate_samples(
    split_dir: Path,
    *,
    keys: Collection[str] | None = None,
    positions: Collection[int] | None = None,
) -> Iterator[Sample]:
    """Yield a split's samples in their order, one held at a time.

    Args:
        split_dir: the folder of a split.
        keys: only these keys; the bytes of others are not read.
        positions: only these positions in the split, from 0.

    Raises:
        DataError: the index or a shard is broken; the error names shard and key.
    """
    first = 0
    for entry in read_index(split_dir).shards:
        wanted = None
        if positions is not None:
            wanted = {position - first for position in positions}
        if wanted is None or any(0 <= position < entry.num_samples for position in wanted):
            path = locate_shard(split_dir, entry)
            yield from _read_shard(path, split_dir.name, entry, keys, wanted)
        first += entry.num_samples


def stream_shard(split_dir: Path, entry: ShardEntry) -> Iterator[Sample]:
    """Yield one shard's samples through webdataset's own readers.

    Raises:
        DataError: the shard is missing, cut short or lacks members.
    """
    from webdataset.tariterators import group_by_keys, tar_file_expander

    path, num_samples = locate_shard(split_dir, entry), 0
    try:
        with path.open("rb") as stream:
            files = tar_file_expander([{"url": entry.name, "stream": stream}])
            for grouped in group_by_keys(files):
                num_samples += 1
                yield _parse_sample(entry, split_dir.name, grouped["__key__"], grouped)
    except (OSError, tarfile.TarError) as error:
        raise DataError(f"shard {path} cannot be read: {error}", remedy=_REMEDY) from error
    _check_count(path, entry, num_samples)


def _parse_sample(entry: ShardEntry, split: str, key: str, members: Mapping[str, bytes]) -> Sample:
    """Make a sample of its members by suffix, as webdataset groups them.

    Raises:
        DataError: a member is missing or its JSON is broken.
    """
    shard = entry.name
    scales = {
        int(found[1]): content
        for suffix, content in sorted(members.items())
        if (found := re.fullmatch(r"x(\d+)\.(jpg|png)", suffix))
    }
    has_reference = "ref.png" in members or split == _WITHOUT_REFERENCE
    if not has_reference or "json" not in members or not scales:
        raise DataError(
            f"sample {key} of shard {shard} lacks members", got=sorted(members), remedy=_REMEDY
        )
    try:
        info = json.loads(members["json"])
    except ValueError as error:
        raise DataError(f"sample {key} of shard {shard} has broken JSON", remedy=_REMEDY) from error
    return Sample(key, members.get("ref.png"), dict(sorted(scales.items())), info)


def _read_shard(
    path: Path,
    split: str,
    entry: ShardEntry,
    keys: Collection[str] | None,
    positions: Collection[int] | None,
) -> Iterator[Sample]:
    num_samples = 0
    try:
        with tarfile.open(path, "r:") as archive:
            for key, grouped in groupby(archive, lambda member: member.name.partition(".")[0]):
                num_samples += 1
                if keys is not None and key not in keys:
                    continue
                if positions is not None and num_samples - 1 not in positions:
                    continue
                yield _parse_sample(entry, split, key, _read_members(archive, grouped))
    except (OSError, tarfile.TarError) as error:
        raise DataError(f"shard {path} cannot be read: {error}", remedy=_REMEDY) from error
    _check_count(path, entry, num_samples)


def _read_members(archive: tarfile.TarFile, members: Iterable[tarfile.TarInfo]) -> dict[str, bytes]:
    contents = {}
    for member in members:
        stream = archive.extractfile(member)
        if stream is not None:
            contents[member.name.partition(".")[2]] = stream.read()
    return contents


def _check_count(path: Path, entry: ShardEntry, num_samples: int) -> None:
    """Refuse a shard that ends early: to tar, a broken header in its midst is simply the end."""
    if num_samples != entry.num_samples:
        raise DataError(
            f"shard {path} has {entry.num_samples} samples", got=num_samples, remedy=_REMEDY
        )


def hash_shards(entries: Iterable[ShardEntry]) -> str:
    """Return the identity of shards as a whole: a SHA-256 over their names and hashes."""
    return sha256_of_json([[entry.name, entry.sha256] for entry in entries])
