"""MLflow's page: the first click on an experiment shows Table 1."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from lienet.params import Params
from lienet.tracking.first_page import add_kept
from lienet.tracking.track import track
from lienet.workspace import Workspace
from tests.browser import find_browser
from tests.chromium import open_chromium
from tests.loopback_servers import LoopbackServer


def test_the_browser_keeps_what_it_has_and_the_page_stays_whole():
    page = add_kept("<html><head><title>MLflow</title></head><body></body></html>", ["7"])
    assert page.startswith("<html><head><title>MLflow</title><script>")
    assert page.endswith("</script></head><body></body></html>")
    assert "if (localStorage.getItem(key) === null)" in page
    assert re.search(r'ExperimentPage-\[\\"7\\"\]-ReactComponentState', page)
    assert page.count("<") == len(re.findall(r"</?(html|head|title|script|body)>", page))


class ServedPage(LoopbackServer):
    """The server over the store of the workspace in its folder."""

    @property
    def environment(self) -> dict[str, str]:
        return {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}

    @property
    def _health_url(self) -> str:
        return f"{self.url}/health"

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "lienet.tracking.first_page", "--workers", "1"),
            *("--host", "127.0.0.1", "--port", str(self.port)),
            *("--backend-store-uri", f"sqlite:///{self.folder}/data/state/mlflow.db"),
        ]


@pytest.mark.slow
@pytest.mark.services
@pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed")
def test_the_first_click_shows_the_figures_of_the_runs(
    params: Params, workspace: Workspace, tmp_path: Path
):
    track(params, workspace)
    with ServedPage(workspace.root) as server, open_chromium(tmp_path / "browser") as page:
        page.resize(1600, 900)
        page.open(f"{server.url}/#/experiments")
        link = "[...document.querySelectorAll('a')].find(a => a.innerText == 'lienet-sr')"
        page.wait(f"{link} != null")
        page.run(f"{link}.click()")
        for shown in ("lienet 30 steps", "psnr_gain_db", "26.5", "latency_ms"):
            page.wait(f"document.body.innerText.includes('{shown}')")
