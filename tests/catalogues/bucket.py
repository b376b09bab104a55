"""A loopback server of files as public buckets serve them, and a small Open Images to put there."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lienet.catalogues.kinds import Ffhq, OpenImages
from lienet.catalogues.remote import Depot
from lienet.params import FfhqSource, OpenImagesSource
from tests.loopback_http import serve_http
from tests.transfer.limits import LIMITS as SHORT

PERSON, DOG, PLATE, CAR = "/m/01g317", "/m/0bt9lr", "/m/01jfm_", "/m/0k4j"
LIMITS = SHORT.model_copy(
    update={"retries": 1, "stall_timeout_s": 5.0, "total_timeout_s": 30.0, "max_failed_share": 0.5}
)
IMAGE_HEADER = [
    "ImageID",
    "Subset",
    "OriginalURL",
    "OriginalLandingURL",
    "License",
    "AuthorProfileURL",
    "Author",
    "Title",
    "OriginalSize",
    "OriginalMD5",
    "Thumbnail300KURL",
    "Rotation",
]
BOX_HEADER = [
    "ImageID",
    "Source",
    "LabelName",
    "Confidence",
    "XMin",
    "XMax",
    "YMin",
    "YMax",
    "IsOccluded",
    "IsTruncated",
    "IsGroupOf",
    "IsDepiction",
    "IsInside",
]
TRAIN_BOX_HEADER = [*BOX_HEADER, "XClick1X"]
LABEL_HEADER = ["ImageID", "Source", "LabelName", "Confidence"]
BY = "https://creativecommons.org/licenses/by/2.0/"


class Bucket:
    """The files that are served, by path, and how often each was asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.files: dict[str, bytes] = {}
        self.wrong_md5: set[str] = set()
        self.asked: Counter[str] = Counter()

    def put_csv(self, path: str, header: list[str], rows: list[list[Any]]) -> None:
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows([header, *rows])
        self.files[path] = stream.getvalue().encode()


@contextmanager
def serve() -> Iterator[Bucket]:
    """Serve a bucket on a free port of the loopback until the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.lstrip("/")
            bucket.asked[path] += 1
            content = bucket.files.get(path)
            self.send_response(404 if content is None else 200)
            content = content or b""
            md5 = hashlib.md5(content if path not in bucket.wrong_md5 else b"other").digest()
            self.send_header("x-goog-hash", f"md5={base64.b64encode(md5).decode()}")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with serve_http(Handler) as url:
        bucket = Bucket(url)
        yield bucket


def make_jpeg(seed: int, *, height_px: int = 40, width_px: int = 56) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (height_px, width_px, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def image_row(image: str, subset: str = "train", **changes: str) -> list[str]:
    row = dict.fromkeys(IMAGE_HEADER, "x") | {
        "ImageID": image,
        "Subset": subset,
        "OriginalLandingURL": f"https://www.flickr.com/photos/{image}",
        "License": BY,
        "Author": f"author of {image}",
        "Title": f'a "{image}", titled',
        "Rotation": "0.0",
    }
    return list((row | changes).values())


def box_row(image: str, label: str, edges: str = "0.5 0.5 0.5 0.5") -> list[str]:
    """Of the list of train; the edges are XMin, XMax, YMin and YMax."""
    return [image, "xclick", label, "1", *edges.split(), *["0"] * 6]


def id_of(number: int) -> str:
    return f"{number:016x}"


def put_open_images(bucket: Bucket, *, num_images: int = 12) -> None:
    """Put lists and photographs of the subset train; 3 has a box of a person, 4 a human label of
    one and 5 a denied one, 6 and 7 machine labels of one at 0.9 and 0.3, 8 a registration plate;
    9 and those above have a dog."""
    ids = [id_of(number) for number in range(num_images)]
    bucket.put_csv(
        "lists/2018_04/train/train-images-boxable-with-rotation.csv",
        IMAGE_HEADER,
        [image_row(image, Rotation="90.0" if image == ids[1] else "") for image in ids],
    )
    bucket.put_csv(
        "lists/v6/oidv6-train-annotations-bbox.csv",
        TRAIN_BOX_HEADER,
        [box_row(ids[3], PERSON, "0.25 0.5 0.125 1"), box_row(ids[8], PLATE)],
    )
    bucket.put_csv(
        "lists/v7/oidv7-train-annotations-human-imagelabels.csv",
        LABEL_HEADER,
        [
            [ids[4], "verification", PERSON, "1"],
            [ids[5], "verification", PERSON, "0"],
            ["f" * 16, "verification", PERSON, "1"],
            *([image, "verification", DOG, "1"] for image in ids[9:]),
        ],
    )
    bucket.put_csv(
        "lists/v7/oidv7-train-annotations-machine-imagelabels.csv",
        LABEL_HEADER,
        [[ids[6], "machine", PERSON, "0.9"], [ids[7], "machine", PERSON, "0.3"]],
    )
    bucket.put_csv(
        "lists/v7/oidv7-class-descriptions.csv",
        ["LabelName", "DisplayName"],
        [[PERSON, "Person"], [DOG, "Dog"], [PLATE, "Number plate"]],
    )
    for number, image in enumerate(ids):
        bucket.files[f"images/train/{image}.jpg"] = make_jpeg(number)


def open_images_of(bucket: Bucket, **changes: Any) -> OpenImagesSource:
    chosen = {
        "kind": "open_images",
        "permitted_use": None,
        "subsets": ["train"],
        "count": None,
        "seed": 7,
        "ids": None,
        "include_labels": [],
        "exclude_labels": ["people", "personal_information"],
        "min_machine_confidence": 0.5,
        "lists_url": f"{bucket.url}/lists",
        "images_url": f"{bucket.url}/images",
        "licence": "CC BY 2.0",
        "split": "published",
    }
    return OpenImages.model_validate(chosen | changes)


def ffhq_of(**changes: Any) -> FfhqSource:
    chosen = {
        "kind": "ffhq",
        "permitted_use": None,
        "list": "faces.json",
        "category": None,
        "ids": None,
        "size_px": 1024,
        "mirror_url": None,
        "split": "auto",
    }
    return Ffhq.model_validate(chosen | changes)


def make_depot(tmp_path: Path) -> Depot:
    return Depot(tmp_path / "depot", LIMITS)
