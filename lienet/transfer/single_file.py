"""One file fetched over HTTP: resumed where it broke off, and taken only if its hash is right.

Owns one line on why a transfer cannot succeed, and that two processes never write one file; how
bytes come is the transfers' engine's.
"""

from __future__ import annotations

import re
from pathlib import Path

from lienet.errors import TransferError
from lienet.files import sha256_of_file
from lienet.params import Transfer
from lienet.transfer.engine import Engine
from lienet.transfer.file_locks import explaining, holding
from lienet.transfer.requests import Arrived, Wanted

_BACKOFF_S = 0.5
_RETRIES = 3
_ATTEMPT_S = 3600.0


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
    target = Path(target)
    if target.is_file() and sha256_of_file(target) == sha256:
        return target
    wanted = Wanted(url, target.name, size_bytes, sha256, is_image=False)
    with explaining(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with holding(target.with_name(f".{target.name}.lock"), whose=target, waits=True):
            arrived = _fetch(wanted, target.parent, timeout_s)
    if not arrived.is_here:
        shown = re.sub(r"//[^/@]*@", "//", url.partition("?")[0])  # without credentials
        raise TransferError(
            f"cannot fetch {shown}: {arrived.detail or arrived.reason}",
            remedy=f"try again, or put the file at {target}",
        )
    return target


def _fetch(wanted: Wanted, folder: Path, timeout_s: float) -> Arrived:
    limits = Transfer(
        concurrency_per_host=1,
        requests_per_s=None,
        retries=_RETRIES,
        backoff_s=_BACKOFF_S,
        backoff_max_s=60.0,
        connect_timeout_s=timeout_s,
        stall_timeout_s=timeout_s,
        total_timeout_s=_ATTEMPT_S,
        max_failed_share=0.0,
        http2=False,
    )
    # Whole bytes of a wrong hash are another file: to fetch them again is of no use.
    with Engine(folder, limits, content_retries=0) as engine:
        engine.submit([wanted])
        while not (arrived := engine.wait(60.0)):
            pass
    return arrived[0]
