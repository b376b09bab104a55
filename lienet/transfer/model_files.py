"""Published model files: cached, verified against a pinned hash.

The face detector of OpenCV's zoo can be done without, and where it cannot be reached, that is
known within seconds. VGG19 of torchvision cannot: no other weights take its place.
"""

from __future__ import annotations

import logging
from pathlib import Path

import httpx

from lienet.errors import InputError, TransferError
from lienet.files import sha256_of_file
from lienet.transfer.single_file import fetch_verified

logger = logging.getLogger(__name__)
YUNET_URL = (
    "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/"
    "face_detection_yunet/face_detection_yunet_2023mar.onnx"
)
YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
YUNET_BYTES = 232589
VGG19_URL = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
VGG19_SHA256 = "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44"
VGG19_BYTES = 574673361
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


def fetch_vgg19(cache_dir: Path, *, url: str = VGG19_URL) -> Path:
    """Return torchvision's ImageNet weights of VGG19, fetching them once.

    Raises:
        TransferError: they cannot be had, or are not the file expected.
        InputError: the cache cannot be written.
    """
    target = cache_dir / Path(VGG19_URL).name
    if not target.is_file():
        logger.info("fetching VGG19's weights (%.0f MB) from %s", VGG19_BYTES / 1e6, url)
    return fetch_verified(url, target, sha256=VGG19_SHA256, size_bytes=VGG19_BYTES)


def _is_reachable(url: str) -> bool:
    """Ask once and briefly: a transfer's patience is no use where there is no network."""
    try:
        answer = httpx.head(url, timeout=_CONNECT_TIMEOUT_S, follow_redirects=True)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        logger.info("OpenCV's model zoo cannot be reached: %s", error)
        return False
    return answer.is_success
