"""The contents of artifacts."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path

import pytest

from flows.artifacts import find_commit, read_table
from tests.browser import find_browser, read_page
from tests.flows.own_server import OwnPrefectServer
from tests.flows.toy import Api, Toy


def test_a_csv_file_is_read_as_rows(tmp_path: Path):
    (tmp_path / "table1.csv").write_text("model,psnr_db\nlienet,25.81\nbicubic,25.42\n")
    assert read_table(tmp_path / "table1.csv") == [
        {"model": "lienet", "psnr_db": "25.81"},
        {"model": "bicubic", "psnr_db": "25.42"},
    ]


def test_outside_git_there_is_no_commit(tmp_path: Path):
    assert find_commit(tmp_path) == "none"


REPORT = """<!doctype html><title>Table 1</title><p id="said">waiting</p><script>
fetch("/api/admin/version").then(() => "read", () => "kept out").then(
  said => document.getElementById("said").textContent = "the page runs and is " + said);
</script>"""


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("prefect")
def test_the_report_opens_from_its_artifact_and_cannot_call_the_server(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"a": []})
    (toy.root / "reports").mkdir()
    (toy.root / "reports" / "index.html").write_text(REPORT)
    with OwnPrefectServer(tmp_path / "prefect") as server:
        api = Api(server.environment)
        state, output = toy.run_flow(server.environment, targets=["a"])
        assert state[0] == "COMPLETED", output[-3000:]
        (run,) = api.latest_runs(1)
        assert re.fullmatch(r"pipeline a \d{4}-\d\d-\d\d \d\d:\d\d", run["name"])
        assert run["tags"] == ["profile:sample", "a", "commit:none"]
        (link,) = re.findall(r"\((http[^)]*)\)", api.artifacts(run["id"])["report"]["data"])
        assert link == f"{server.url}/lienet/reports/{run['id']}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(link, timeout=30) as answer:
            assert answer.read().decode() == REPORT
        if find_browser() is not None:
            assert "the page runs and is kept out" in read_page(link, ["the page runs"])
