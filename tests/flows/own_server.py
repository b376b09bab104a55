"""Prefect's server as ``make server`` starts it, alone."""

from __future__ import annotations

import sys

from flows.server import server_environment
from flows.server_access import Access
from tests.flows.toy import ROOT
from tests.loopback_servers import PrefectServer


class OwnPrefectServer(PrefectServer):
    """Prefect's server with this project's pages and notices, by ``flows.prefect_app``."""

    @property
    def environment(self) -> dict[str, str]:
        """What the server is told, and what a client needs to reach it."""
        told = server_environment(self.folder, Access(prefect_port=str(self.port)))
        return {**told, **super().environment, "PYTHONPATH": str(ROOT)}

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "uvicorn", "--factory", "flows.prefect_app:create_app"),
            *("--host", "127.0.0.1", "--port", str(self.port), "--no-access-log"),
        ]
