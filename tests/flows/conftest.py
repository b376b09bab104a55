"""One real Prefect server for the tests of the flows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flows.toy import Api
from tests.loopback_servers import PrefectServer


@pytest.fixture(scope="package")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A running server; it ends with the last test of the folder, as its services never rest."""
    with pytest.MonkeyPatch.context() as patch:
        prefix = "PREFECT_SERVER_CONCURRENCY"
        patch.setenv(f"{prefix}_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS", "1")
        storage = "prefect.server.concurrency.lease_storage.filesystem"
        patch.setenv(f"{prefix}_LEASE_STORAGE", storage)
        with PrefectServer(tmp_path_factory.mktemp("prefect")) as server:
            yield server


@pytest.fixture(scope="package")
def api(prefect_server: PrefectServer) -> Api:
    """Its API."""
    return Api(prefect_server.environment)
