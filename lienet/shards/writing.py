"""Writing shards: the same samples give the same bytes, and a split appears whole or not at all.

Members carry no time, user or group and lie in the order given.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

from lienet.files import replacing_folder, sha256_of_file, write_json
from lienet.images import sniff_format
from lienet.manifests.splits import ShardSplit
from lienet.params.licences import Use
from lienet.shards.reading import (
    INDEX_NAME,
    Sample,
    ShardEntry,
    ShardIndex,
    hash_shards,
    name_of_shard,
)
from lienet.storage import Store, Uploads, write_pointer

_BLOCK_BYTES = 512


def write_split(
    split_dir: Path,
    samples: Iterable[Sample],
    *,
    task: str,
    split: ShardSplit,
    params: dict[str, Any],
    shard_max_bytes: int,
    sources: Mapping[str, Use] | None = None,
    store: Store | None = None,
) -> ShardIndex:
    """Write samples, in the order given, as shards and their index; the whole split or nothing.

    In a store the shards come first, then the split's folder here, with index and pointer, and a
    copy of the index in the store last of all.

    Args:
        split_dir: the folder that is replaced.
        samples: read lazily, one held at a time; none is legal.
        task: the task's name, for the index.
        split: the split's name, for the index.
        params: what made the samples, for the index.
        shard_max_bytes: a new shard begins before one would grow beyond this; a larger sample
            has a shard of its own.
        sources: what the photographs of each source may be used for, for the index.
        store: where the shards go, if not into the folder.

    Raises:
        ToolError, TransferError: the store cannot be written.
    """
    with replacing_folder(split_dir) as folder:
        with nullcontext() if store is None else Uploads(store) as uploads:
            entries, num_images = _write_shards(folder, samples, shard_max_bytes, uploads)
        index = ShardIndex(
            task=task,
            split=split,
            num_samples=sum(entry.num_samples for entry in entries),
            num_images=num_images,
            shards=entries,
            sha256=hash_shards(entries),
            params=params,
            sources=dict(sources or {}),
        )
        if store is not None:
            write_pointer(folder, store)
        write_json(folder / INDEX_NAME, index.model_dump(mode="json"))
    if store is not None:
        store.publish(split_dir / INDEX_NAME, f"shards/{task}/{split}/{INDEX_NAME}")
    return index


def _write_shards(
    folder: Path, samples: Iterable[Sample], shard_max_bytes: int, uploads: Uploads | None
) -> tuple[tuple[ShardEntry, ...], int]:
    """Return the shards and how many images they hold."""
    writer = _SplitWriter(folder, shard_max_bytes, uploads)
    try:
        for sample in samples:
            writer.add(sample)
        return writer.finish(), writer.num_images
    finally:
        writer.abandon()


class _SplitWriter:
    """Tar files with fixed headers, begun anew before one grows too large."""

    def __init__(self, folder: Path, shard_max_bytes: int, uploads: Uploads | None) -> None:
        self.num_images = 0
        self._uploads = uploads
        self._last_image: object = None
        self._folder = folder
        self._max_bytes = shard_max_bytes
        self._entries: list[ShardEntry] = []
        self._stream: IO[bytes] | None = None
        self._archive: tarfile.TarFile | None = None
        self._num_samples = 0

    def add(self, sample: Sample) -> None:
        """Append a sample's members: the reference if any, the inputs by scale, the JSON."""
        members = [] if sample.reference_png is None else [("ref.png", sample.reference_png)]
        for scale, content in sorted(sample.degraded.items()):
            suffix = "png" if sniff_format(content) == "png" else "jpg"
            members.append((f"x{scale}.{suffix}", content))
        members.append(("json", json.dumps(dict(sample.info), sort_keys=True).encode()))
        size_bytes = sum(
            _BLOCK_BYTES * (2 + len(content) // _BLOCK_BYTES) for _, content in members
        )
        if self._archive is not None and self._archive.offset + size_bytes > self._max_bytes:
            self._close_shard()
        if self._archive is None:
            self._stream = self._path().open("wb")
            self._archive = tarfile.TarFile(
                fileobj=self._stream, mode="w", format=tarfile.GNU_FORMAT
            )
        for suffix, content in members:
            header = tarfile.TarInfo(f"{sample.key}.{suffix}")
            header.size, header.mode, header.mtime = len(content), 0o444, 0
            self._archive.addfile(header, io.BytesIO(content))
        self._num_samples += 1
        image = sample.info.get("image", sample.key)
        self.num_images += image != self._last_image
        self._last_image = image

    def finish(self) -> tuple[ShardEntry, ...]:
        """Close the last shard and return every one."""
        self._close_shard()
        return tuple(self._entries)

    def abandon(self) -> None:
        """Let an unfinished shard go; nothing happens after :meth:`finish`."""
        if self._stream is not None:
            self._stream.close()

    def _path(self) -> Path:
        return self._folder / f"{len(self._entries):06d}.tar"

    def _close_shard(self) -> None:
        if self._archive is None or self._stream is None:
            return
        self._archive.close()
        self._stream.close()
        path = self._path()
        self._entries.append(
            ShardEntry(
                name=path.name,
                num_samples=self._num_samples,
                sha256=sha256_of_file(path),
                size_bytes=path.stat().st_size,
            )
        )
        if self._uploads is not None:
            self._uploads.move(path, name_of_shard(self._entries[-1].sha256))
        self._stream, self._archive, self._num_samples = None, None, 0
