"""Pages of reports on Prefect's server: who may send and see them, and with which rights."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette

from flows import report_pages
from flows.report_pages import PATH, make_route

RUN = f"{PATH}/{uuid4()}"
PAGE = b"<!doctype html><title>Table 1</title>"


class Client:
    """A caller of a server that keeps its pages in a folder."""

    def __init__(self, folder: Path) -> None:
        self._transport = httpx.ASGITransport(Starlette(routes=[make_route(folder)]))

    def get(self, path: str, **choices: Any) -> httpx.Response:
        return asyncio.run(self._send("GET", path, **choices))

    def put(self, path: str, **choices: Any) -> httpx.Response:
        return asyncio.run(self._send("PUT", path, **choices))

    async def _send(self, method: str, path: str, **choices: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=self._transport, base_url="http://s") as client:
            return await client.request(method, path, **choices)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """A caller, and the folder ``pages``."""
    return Client(tmp_path / "pages")


def test_a_page_that_was_sent_is_shown_without_the_rights_of_the_server(client: Client):
    assert client.get(RUN).status_code == 404
    assert client.put(RUN, content=PAGE).status_code == 201
    shown = client.get(RUN)
    assert (shown.status_code, shown.content) == (200, PAGE)
    assert shown.headers["content-type"].startswith("text/html")
    assert shown.headers["content-security-policy"] == "sandbox allow-scripts allow-popups"


def test_a_page_is_kept_under_a_runs_id_alone(client: Client, tmp_path: Path):
    for name in ("..%2f..%2fparams.yaml", "index.html"):
        assert client.put(f"{PATH}/{name}", content=PAGE).status_code == 404
    assert list(tmp_path.rglob("*.html")) == []


def test_who_gives_no_password_neither_sends_nor_sees(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", "team:secret")
    assert client.put(RUN, content=PAGE).status_code == 401
    assert client.put(RUN, content=PAGE, auth=("team", "wrong")).status_code == 401
    assert client.put(RUN, content=PAGE, auth=("team", "secret")).status_code == 201
    refused = client.get(RUN)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (
        401,
        'Basic realm="lienet"',
    )
    assert client.get(RUN, auth=("team", "secret")).content == PAGE


def test_the_oldest_pages_make_room(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(report_pages, "_MAX_PAGES", 2)
    runs = [str(uuid4()) for _ in range(3)]
    for age_s, run in zip((30, 20, 10), runs, strict=True):
        assert client.put(f"{PATH}/{run}", content=PAGE).status_code == 201
        past_s = time.time() - age_s
        os.utime(tmp_path / "pages" / f"{run}.html", (past_s, past_s))
    left = {path.stem for path in (tmp_path / "pages").glob("*.html")}
    assert left == set(runs[1:])


def test_a_page_that_is_too_large_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(report_pages, "_MAX_BYTES", 8)
    assert client.put(RUN, content=PAGE).status_code == 413
    assert client.get(RUN).status_code == 404
