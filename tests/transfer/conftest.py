"""A server that fails as it is told, for the tests of the folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.transfer.faults import FaultServer, serving


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """One for each module, which counts requests from none on."""
    with serving() as running:
        yield running
