"""A bucket on the loopback for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.catalogues.bucket import Bucket, serve


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """An empty one."""
    with serve() as served:
        yield served
