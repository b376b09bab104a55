"""The face detector's model file, from OpenCV's model zoo: cached, verified, or done without.

It refuses to wait: where the zoo cannot be reached, that is known within seconds.
"""

from __future__ import annotations

import logging
from pathlib import Path

import httpx

from lienet.errors import InputError, TransferError
from lienet.files import sha256_of_file
from lienet.sources.http import fetch_verified

logger = logging.getLogger(__name__)
YUNET_URL = (
    "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/"
    "face_detection_yunet/face_detection_yunet_2023mar.onnx"
)
YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
YUNET_BYTES = 232589
_CONNECT_TIMEOUT_S = 3.0


def fetch_yunet(cache_dir: Path, *, url: str = YUNET_URL) -> Path | None:
    """Return the cached model, fetching it once; None, within seconds, without a network."""
    target = cache_dir / Path(YUNET_URL).name
    if target.is_file() and sha256_of_file(target) == YUNET_SHA256:
        return target
    if not _is_reachable(url):
        return None
    try:
        return fetch_verified(
            url, target, sha256=YUNET_SHA256, size_bytes=YUNET_BYTES, timeout_s=_CONNECT_TIMEOUT_S
        )
    except (TransferError, InputError) as error:
        logger.info("%s", error)
        return None


def _is_reachable(url: str) -> bool:
    """Ask once and briefly: a transfer's patience is no use where there is no network."""
    try:
        answer = httpx.head(url, timeout=_CONNECT_TIMEOUT_S, follow_redirects=True)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        logger.info("OpenCV's model zoo cannot be reached: %s", error)
        return False
    return answer.is_success
