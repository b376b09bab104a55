"""ONNX Runtime Web, fetched once from the npm registry and verified.

Owns which version it is, by its hash, and which of its files the page needs. The archive is kept in
the user's cache folder; npm fetches it where there is one, with the user's own registry and proxy,
else the project's own transfers do.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from lienet.errors import TransferError
from lienet.files import locked, replacing

VERSION = "1.30.0"
INTEGRITY = (
    "sha512-"
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
)
"""Of the archive, in npm's own form."""
URL = f"https://registry.npmjs.org/onnxruntime-web/-/onnxruntime-web-{VERSION}.tgz"
FILES = (
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
    "ort.webgpu.min.mjs",
    "ort-wasm-simd-threaded.asyncify.mjs",
    "ort-wasm-simd-threaded.asyncify.wasm",
)
"""For the processor, then for the graphics processor."""
CACHE_VARIABLE = "LIENET_CACHE"
_ARCHIVE_NAME = f"onnxruntime-web-{VERSION}.tgz"
_TIMEOUT_S = 600.0
_NPM_RETRIES = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000")


def find_cache_dir() -> Path:
    """Return the folder that fetched files are kept in."""
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "lienet"


def find_cached_runtime() -> Path | None:
    """Return the archive of ONNX Runtime Web in the cache, verified; None if it is not there."""
    path = find_cache_dir() / _ARCHIVE_NAME
    return path if path.is_file() and _hash(path) == INTEGRITY else None


def fetch_runtime() -> Path:
    """Return the archive of ONNX Runtime Web, from the cache or the npm registry.

    Raises:
        TransferError: it cannot be had, or is not what it should be.
        InputError: the cache cannot be written to.
    """
    folder = find_cache_dir()
    with locked(folder / f"{_ARCHIVE_NAME}.lock"):
        if (cached := find_cached_runtime()) is not None:
            return cached
        with tempfile.TemporaryDirectory(prefix="lienet-npm-") as temporary:
            got = _fetch(Path(temporary))
            if _hash(got) != INTEGRITY:
                raise TransferError(
                    f"the registry's {_ARCHIVE_NAME} is not what lienet was made with",
                    remedy="check the registry that npm is set to",
                )
            with replacing(folder / _ARCHIVE_NAME) as beside:
                shutil.copyfile(got, beside)
    return folder / _ARCHIVE_NAME


def unpack_runtime(archive: Path, folder: Path) -> None:
    """Write the files that the page needs into a new folder, with nothing else of the archive."""
    folder.mkdir(parents=True)
    with tarfile.open(archive) as packed:
        for name in FILES:
            stream = packed.extractfile(f"package/dist/{name}")
            assert stream is not None, "the hash of the archive says that it is there"
            (folder / name).write_bytes(stream.read())


def _fetch(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        return _fetch_directly(folder)
    command = [npm, "pack", f"onnxruntime-web@{VERSION}", "--pack-destination", str(folder)]
    try:
        ran = subprocess.run(
            [*command, "--ignore-scripts", "--loglevel=error", *_NPM_RETRIES],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise _explain(f"npm did not end in {_TIMEOUT_S:g} s") from error
    if ran.returncode != 0:
        said = re.search(r"reason: (.*)", ran.stderr) or re.search(r"npm error (.*)", ran.stderr)
        raise _explain(said[1] if said else "npm failed")
    return folder / _ARCHIVE_NAME


def _fetch_directly(folder: Path) -> Path:
    from lienet.params import Transfer
    from lienet.transfer.batches import RemoteFile, fetch_all

    file = RemoteFile(URL, _ARCHIVE_NAME, is_image=False)
    limits = Transfer(
        concurrency_per_host=1,
        requests_per_s=None,
        retries=2,
        backoff_s=1.0,
        backoff_max_s=10.0,
        connect_timeout_s=15.0,
        stall_timeout_s=30.0,
        total_timeout_s=_TIMEOUT_S,
        max_failed_share=1.0,
    )
    (result,) = fetch_all([file], folder, limits, label="onnxruntime-web")
    if not result.is_stored:
        raise _explain(result.reason)
    return folder / _ARCHIVE_NAME


def _explain(reason: str) -> TransferError:
    return TransferError(
        f"onnxruntime-web {VERSION} cannot be fetched from the npm registry: {reason}",
        remedy=f"run it once with a network; it is kept in {find_cache_dir()}",
    )


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha512").digest()
    return f"sha512-{base64.b64encode(digest).decode('ascii')}"
