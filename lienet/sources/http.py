"""Files fetched over HTTP: resumed where they broke off, and taken only if their hash is right.

Owns the ``.part`` file beside the target, which lives on when a transfer is killed, and one line
on why a transfer cannot succeed. It refuses bytes that do not verify, whatever the server says of
them, and never lets two processes write one file.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lienet.errors import InputError, TransferError
from lienet.files import sha256_of_file

if TYPE_CHECKING:
    import httpx

logger = logging.getLogger(__name__)
_DELAYS_S = (0.5, 1.0, 2.0)
_PASSING_STATUSES = {408, 425, 429, 500, 502, 503, 504}


class _BrokenOffError(Exception):
    """The transfer broke off in a way that another attempt may cure."""


@dataclass(frozen=True)
class _Order:
    url: str
    target: Path
    sha256: str
    size_bytes: int | None

    @property
    def part_path(self) -> Path:
        return self.target.with_name(self.target.name + ".part")

    @property
    def version_path(self) -> Path:
        """Holds what the server called the version that the part is of."""
        return self.target.with_name(self.target.name + ".part.version")

    def fail(self, why: str) -> TransferError:
        """Name the address without the credentials that it may carry."""
        shown = re.sub(r"//[^/@]*@", "//", self.url.partition("?")[0])
        return TransferError(
            f"cannot fetch {shown}: {why}", remedy=f"try again, or put the file at {self.target}"
        )


def fetch_verified(
    url: str, target: Path, *, sha256: str, size_bytes: int | None = None, timeout_s: float = 30.0
) -> Path:
    """Fetch ``url`` to ``target``, or do nothing if ``target`` is already that file.

    A broken transfer is taken up where it stopped, in this call or in a later one; if the server
    has another version by now, or ignores the range, it starts anew. A few passing failures are
    waited out.

    Args:
        url: an http or https address; redirects are followed.
        target: where the file shall be; it appears whole or not at all.
        sha256: what the bytes must hash to, as lower-case hex.
        size_bytes: how many there must be, if known.
        timeout_s: for connecting, and for each wait for more bytes.

    Returns:
        ``target``.

    Raises:
        TransferError: the file cannot be had, or its bytes are not the ones expected.
        InputError: ``target`` cannot be written.
    """
    order = _Order(url, Path(target), sha256, size_bytes)
    if _is_verified(order.target, sha256):
        return order.target
    try:
        order.target.parent.mkdir(parents=True, exist_ok=True)
        with _holding(order.part_path):
            if not _is_verified(order.target, sha256):  # else another process was first
                _fetch(order, timeout_s)
    except OSError as error:
        raise InputError(
            f"cannot write {order.target}: {error.strerror or error}",
            remedy="check the folder and its free space",
        ) from error
    return order.target


def _fetch(order: _Order, timeout_s: float) -> None:
    import httpx

    why = ""
    with httpx.Client(follow_redirects=True, timeout=timeout_s) as client:
        for delay_s in (0.0, *_DELAYS_S):
            time.sleep(delay_s)
            try:
                is_resumed = _transfer(client, order)
                _finish(order, is_resumed=is_resumed)
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise order.fail(str(error)) from error
            except (httpx.HTTPError, _BrokenOffError) as error:
                why = str(error) or type(error).__name__
                logger.info("%s: %s", order.target.name, why)
            else:
                return
    raise order.fail(why)


def _transfer(client: httpx.Client, order: _Order) -> bool:
    """Bring the part file as far as one request can; return whether it keeps earlier bytes."""
    start = order.part_path.stat().st_size
    if order.size_bytes is not None and start >= order.size_bytes:
        return True
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if version := _read_version(order):
            headers["If-Range"] = version
    with client.stream("GET", order.url, headers=headers) as response:
        status = response.status_code
        if status == 416 and start:  # nothing lies beyond what is here: its hash will tell
            return True
        if status in _PASSING_STATUSES:
            raise _BrokenOffError(f"the server answers {status}")
        if status not in (200, 206):
            raise order.fail(f"the server answers {status}")
        sent = response.headers.get("Content-Range", "")
        is_resumed = status == 206 and start > 0 and sent.startswith(f"bytes {start}-")
        if not is_resumed:
            _discard(order)
            if status == 206:
                raise _BrokenOffError("the server sent another range than was asked for")
            order.version_path.write_text(_name_version(response), encoding="utf-8")
        _append(response, order)
        return is_resumed


def _append(response: httpx.Response, order: _Order) -> None:
    with order.part_path.open("ab") as part:
        num_bytes = part.tell()
        for chunk in response.iter_raw():
            part.write(chunk)
            num_bytes += len(chunk)
            if order.size_bytes is not None and num_bytes > order.size_bytes:
                return  # too many already: its hash will tell


def _finish(order: _Order, *, is_resumed: bool) -> None:
    """Verify the part file and rename it to the target."""
    num_bytes = order.part_path.stat().st_size
    if order.size_bytes is not None and num_bytes < order.size_bytes:
        raise _BrokenOffError(f"only {num_bytes} of {order.size_bytes} bytes came")
    got = sha256_of_file(order.part_path)
    if got != order.sha256:
        _discard(order)
        why = f"expected sha256 {order.sha256}, got {got} for {num_bytes} bytes"
        if is_resumed:  # bytes of two versions may have met
            raise _BrokenOffError(why)
        raise order.fail(why)
    with order.part_path.open("rb") as part:
        os.fsync(part.fileno())
    order.version_path.unlink(missing_ok=True)
    order.part_path.replace(order.target)


def _name_version(response: httpx.Response) -> str:
    """Return what the If-Range of a later request can hold: a strong tag, or a date."""
    tag = str(response.headers.get("ETag", ""))
    if tag and not tag.startswith("W/"):
        return tag
    return str(response.headers.get("Last-Modified", ""))


def _read_version(order: _Order) -> str:
    try:
        return order.version_path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _discard(order: _Order) -> None:
    """Empty the part file, which stays because it is locked."""
    order.version_path.unlink(missing_ok=True)
    os.truncate(order.part_path, 0)


def _is_verified(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of_file(path) == sha256


@contextmanager
def _holding(part_path: Path) -> Iterator[None]:
    """Wait for and hold the lock on a part file; remove it at the end if nothing is in it."""
    while True:
        handle = os.open(part_path, os.O_RDWR | os.O_CREAT, 0o666)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if part_path.exists() and os.fstat(handle).st_ino == part_path.stat().st_ino:
            break
        os.close(handle)  # who held it before has renamed it
    try:
        yield
    finally:
        if part_path.exists() and part_path.stat().st_size == 0:
            part_path.unlink()
        os.close(handle)
