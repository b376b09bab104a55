"""An S3 server on the loopback: moto, in threads of this process, and what a client needs of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fsspec
import pytest

from lienet.params import Storage
from lienet.storage import Store, open_store

BUCKET = "lienet-test"


class LoopbackS3:
    """A bucket, and the params and the store that reach it."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"

    def storage(self, prefix: str) -> Storage:
        """Return the section of params for a prefix of the bucket."""
        return Storage(url=f"s3://{BUCKET}/{prefix}", options={"endpoint_url": self.endpoint})

    def store(self, prefix: str) -> Store:
        """Return the store of a prefix."""
        store = open_store(self.storage(prefix))
        assert store is not None
        return store

    def files(self) -> Any:
        """Return the file system, to look behind the store's back."""
        return fsspec.filesystem("s3", endpoint_url=self.endpoint, use_listings_cache=False)

    def list(self, prefix: str) -> list[str]:
        """Return the names of a prefix's objects."""
        return sorted(
            name.removeprefix(f"{BUCKET}/{prefix}/")
            for name in self.files().find(f"{BUCKET}/{prefix}")
        )


@contextmanager
def serve_s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackS3]:
    """Serve a bucket; the servers of one process share what is in it, so prefixes tell it apart."""
    from moto.server import ThreadedMotoServer

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        served = LoopbackS3(server.get_host_and_port()[1])
        served.files().makedirs(BUCKET, exist_ok=True)
        yield served
    finally:
        server.stop()
