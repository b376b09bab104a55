"""Many remote files fetched into one folder, each verified, whole or not there at all."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lienet.errors import TransferError
from lienet.files import write_bytes
from lienet.images import sniff_format
from lienet.params import Transfer


@dataclass(frozen=True)
class Wanted:
    """One remote file; what is known of it is checked, the strongest hash first."""

    url: str
    name: str
    """Its path below the folder, with "/" between parts; unique."""
    size_bytes: int | None = None
    sha256: str | None = None
    """Lower-case hex."""
    md5: str | None = None
    pixel_md5: str | None = None
    """Of ``np.array(image)`` as Pillow opens it; either this or ``md5`` suffices."""
    is_image: bool = True
    """Whether the bytes must be a whole image."""


@dataclass(frozen=True)
class Arrived:
    """What became of one wanted file."""

    wanted: Wanted
    status: str
    """"fetched", "resumed", "present", "missing" (404 or 410) or "refused"."""
    reason: str
    """Why it is not there; empty if it is."""
    sha256: str = ""
    md5: str = ""
    size_bytes: int = 0


def fetch_all(
    wanted: Iterable[Wanted],
    folder: Path,
    limits: Transfer,
    *,
    show: Callable[[Arrived], None] | None = None,
) -> Iterator[Arrived]:
    """Fetch files into a folder and yield what became of each, as they come.

    Args:
        wanted: read as transfers proceed, never all at once.
        folder: where the files go; each appears whole and verified or not at all.
        limits: how hard a server is asked, and how long it is waited for.
        show: called with each result.

    Raises:
        TransferError: more than ``max_failed_share`` of the files are missing or refused.
        InputError: the folder cannot be written.
    """
    import httpx

    num_all = num_failed = 0
    timeout = httpx.Timeout(limits.stall_timeout_s, connect=limits.connect_timeout_s)
    with httpx.Client(follow_redirects=True, timeout=timeout, http2=limits.http2) as client:
        for file in wanted:
            arrived = _fetch(client, file, folder, limits.retries)
            num_all += 1
            num_failed += arrived.status in ("missing", "refused")
            if show is not None:
                show(arrived)
            yield arrived
    if num_failed > limits.max_failed_share * num_all:
        raise TransferError(
            f"{num_failed} of {num_all} files could not be fetched",
            remedy="run the stage again, or raise download.transfer.max_failed_share",
        )


def _fetch(client: object, file: Wanted, folder: Path, retries: int) -> Arrived:
    import httpx

    assert isinstance(client, httpx.Client)
    target = folder / file.name
    if target.is_file():
        content = target.read_bytes()
        if not _find_fault(file, content, {}):
            return _arrive(file, "present", content)
    reason = ""
    for _ in range(retries + 1):
        try:
            response = client.get(file.url, headers={"Accept-Encoding": "identity"})
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            continue
        if response.status_code in (404, 410):
            return Arrived(file, "missing", str(response.status_code))
        if response.status_code != 200:
            reason = str(response.status_code)
            continue
        reason = _find_fault(file, response.content, response.headers)
        if not reason:
            write_bytes(target, response.content)
            return _arrive(file, "fetched", response.content)
    return Arrived(file, "refused", reason)


def _arrive(file: Wanted, status: str, content: bytes) -> Arrived:
    sha256, md5 = hashlib.sha256(content).hexdigest(), hashlib.md5(content).hexdigest()
    return Arrived(file, status, "", sha256, md5, len(content))


def _find_fault(file: Wanted, content: bytes, headers: object) -> str:
    if not content:
        return "empty"
    if file.size_bytes is not None and len(content) != file.size_bytes:
        return "size"
    if file.sha256 is not None and hashlib.sha256(content).hexdigest() != file.sha256:
        return "sha256"
    md5 = hashlib.md5(content)
    if file.md5 is not None and file.pixel_md5 is None and md5.hexdigest() != file.md5:
        return "md5"
    told = str(getattr(headers, "get", lambda *_: "")("x-goog-hash", ""))
    if "md5=" in told and told.partition("md5=")[2] != base64.b64encode(md5.digest()).decode():
        return "md5"
    return "not an image" if file.is_image and sniff_format(content[:16]) is None else ""
