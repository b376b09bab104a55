"""The bulk of the data at a URL that every machine sees, each object named by its SHA-256.

Owns the names of objects, how they are written and read, and the pointer that stands in a folder
for the bulk that lies elsewhere. An object that is there is whole: names follow from contents and
writes are atomic, so a run that was killed, or run twice, can do no harm. What is read is checked
against its name. It knows neither images nor shards.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lienet.errors import DataError, InputError, LienetError, ToolError, TransferError
from lienet.files import replacing, sha256_of_file, write_json
from lienet.params import Storage
from lienet.versions import how_to_install

POINTER_NAME = "location.json"
_ATOMIC = {"abfs", "abfss", "az", "gcs", "gs", "memory", "oss", "s3", "s3a"}
"""Protocols by which an object appears whole or not at all; elsewhere it is renamed at the end."""
_NUM_THREADS = 8
_MAX_WAITING = 32
_CACHE_MAX_GB = 50.0
_BYTES_PER_GB = 10**9


@dataclass(frozen=True)
class Store:
    """A prefix of an fsspec file system; small and picklable, so that workers open their own.

    Args:
        url: such as "s3://bucket/prefix", without a "/" at its end.
        options: for the file system, as JSON.
    """

    url: str
    options: str = "{}"

    def put(self, path: Path, name: str) -> None:
        """Copy a file to an object, unless one of its name and size is there.

        Raises:
            ToolError: the file system's package is missing, or it refuses its options.
            TransferError: the object cannot be written.
        """
        size_bytes = path.stat().st_size
        with self._reaching(name) as (system, place):
            if _size_of(system, place) != size_bytes:
                _write(system, path, place)

    def publish(self, path: Path, name: str) -> None:
        """Copy a file to an object whose contents may change: a manifest or an index, last of all.

        Raises:
            ToolError, TransferError: as :meth:`put`.
        """
        with self._reaching(name) as (system, place):
            _write(system, path, place)

    def read(self, name: str, sha256: str) -> bytes:
        """Return an object's bytes.

        Raises:
            DataError: it is not there, or is not what its hash says.
            TransferError: it cannot be read.
        """
        with self._reaching(name) as (system, place):
            content: bytes = system.cat_file(place)
        self._check(name, sha256, hashlib.sha256(content).hexdigest())
        return content

    def remove(self, name: str) -> None:
        """Remove an object, if it is there.

        Raises:
            TransferError: it cannot be removed.
        """
        with self._reaching(name) as (system, place), suppress(FileNotFoundError):
            system.rm_file(place)

    def fetch(self, name: str, sha256: str) -> Path:
        """Return a local copy of an object, kept in the cache of this machine.

        The cache is ``LIENET_CACHE_DIR`` (else ``lienet`` in the user's cache); beyond
        ``LIENET_CACHE_MAX_GB`` (50) the copies used longest ago make room.

        Raises:
            DataError, TransferError: as :meth:`read`.
        """
        path = _find_cache_dir() / name
        if path.is_file():
            os.utime(path)
            return path
        with replacing(path) as beside:
            with self._reaching(name) as (system, place):
                system.get_file(place, str(beside))
            self._check(name, sha256, sha256_of_file(beside))
        _make_room(path)
        return path

    def _check(self, name: str, expected: str, got: str) -> None:
        if got != expected:
            raise DataError(
                f"{self.url}/{name} must have the SHA-256 {expected}",
                got=got,
                remedy="delete it, then run the stage that wrote it again",
            )

    @contextmanager
    def _reaching(self, name: str) -> Iterator[tuple[Any, str]]:
        """Yield the file system and an object's place in it; name the object in every error."""
        system, root = _open(self.url, self.options)
        try:
            yield system, f"{root}/{name}"
        except FileNotFoundError as error:
            raise DataError(
                f"there is no {self.url}/{name}", remedy="run the stage that wrote it again"
            ) from error
        except LienetError:
            raise
        except Exception as error:  # each fsspec file system raises its own kinds
            raise TransferError(
                f"cannot reach {self.url}/{name}: {str(error) or type(error).__name__}",
                remedy="check storage in params.yaml, credentials and network; then run it again",
            ) from error


class Uploads:
    """Files on their way into a store, several at once; each is removed here when it is there."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(_NUM_THREADS)
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Uploads:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait until all is there.

        Raises:
            ToolError, TransferError: as :meth:`Store.put`.
        """
        try:
            while self._waiting and kind is None:
                self._waiting.popleft().result()
        finally:
            self._pool.shutdown(cancel_futures=True)

    def move(self, path: Path, name: str) -> None:
        """Send a file on its way; waits while many are."""
        self._waiting.append(self._pool.submit(self._move, path, name))
        if len(self._waiting) > _MAX_WAITING:
            self._waiting.popleft().result()

    def _move(self, path: Path, name: str) -> None:
        self._store.put(path, name)
        path.unlink()


def open_store(storage: Storage) -> Store | None:
    """Return the store that params name; None where the bulk stays in the workspace."""
    if storage.url is None:
        return None
    return Store(storage.url, json.dumps(storage.options, sort_keys=True))


def write_pointer(folder: Path, store: Store) -> None:
    """Say in a folder that its bulk lies in ``store``."""
    pointer = {"url": store.url, "options": json.loads(store.options)}
    write_json(folder / POINTER_NAME, pointer)


def read_pointer(folder: Path) -> Store | None:
    """Return the store of a folder's bulk; None where it lies in the folder itself.

    Raises:
        DataError: the pointer is broken.
    """
    path = folder / POINTER_NAME
    try:
        pointer = json.loads(path.read_bytes())
        return Store(pointer["url"], json.dumps(pointer["options"], sort_keys=True))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"{path} does not say where its data lie", remedy="run the stage that wrote it again"
        ) from error


def name_object(kind: str, sha256: str, suffix: str) -> str:
    """Return the name of an object, such as ``images/ab/ab12….png``."""
    return f"{kind}/{sha256[:2]}/{sha256}{suffix}"


@lru_cache(maxsize=4)
def _open(url: str, options: str) -> tuple[Any, str]:
    """Return a file system, made once for each process, and the prefix within it."""
    import fsspec

    try:
        system, root = fsspec.url_to_fs(url, use_listings_cache=False, **json.loads(options))
    except ImportError as error:
        protocol = url.partition(":")[0]
        others = f"pip install fsspec's package for {protocol}"
        remedy = how_to_install("s3") if protocol in ("s3", "s3a") else others
        raise ToolError(f"storage.url {url} needs a package: {error}", remedy=remedy) from error
    except (ValueError, TypeError) as error:
        raise ToolError(
            f"storage cannot be opened: {error}", remedy="edit storage in params.yaml"
        ) from error
    return system, str(root).rstrip("/")


def _size_of(system: Any, place: str) -> int | None:
    try:
        return int(system.info(place)["size"])
    except FileNotFoundError:
        return None


def _write(system: Any, path: Path, place: str) -> None:
    protocols = (system.protocol,) if isinstance(system.protocol, str) else system.protocol
    if not _ATOMIC.isdisjoint(protocols):
        system.put_file(str(path), place)
        return
    beside = f"{place}.{uuid.uuid4().hex}.part"
    system.makedirs(place.rpartition("/")[0], exist_ok=True)
    try:
        system.put_file(str(path), beside)
        system.mv(beside, place)
    except BaseException:
        with suppress(Exception):  # the first error is the one to tell
            system.rm_file(beside)
        raise


def _find_cache_dir() -> Path:
    if named := os.environ.get("LIENET_CACHE_DIR"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lienet"


def _make_room(newest: Path) -> None:
    """Remove the copies used longest ago, the newest excepted, until the rest fits."""
    limit = _read_limit_gb() * _BYTES_PER_GB
    kept = []
    for path in newest.parent.parent.glob("*/*"):
        try:
            found = path.stat()
        except OSError:  # another process was quicker
            continue
        if path != newest and path.suffix != ".part":
            kept.append((found.st_mtime, found.st_size, path))
    total = newest.stat().st_size + sum(size for _, size, _ in kept)
    for _, size, path in sorted(kept):
        if total <= limit:
            break
        path.unlink(missing_ok=True)
        total -= size


def _read_limit_gb() -> float:
    named = os.environ.get("LIENET_CACHE_MAX_GB")
    try:
        return float(named) if named else _CACHE_MAX_GB
    except ValueError:
        raise InputError(
            "LIENET_CACHE_MAX_GB must be a number", got=named, remedy="correct or unset it"
        ) from None
