"""Links to MLflow's runs: the latest of each model, without credentials, or none at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from flows.mlflow_links import list_run_links, strip_user
from tests.loopback_http import serve_http

ANSWERS: dict[str, Any] = {
    "experiments/search": {
        "experiments": [
            {"experiment_id": "1", "name": "lienet-sr"},
            {"experiment_id": "2", "name": "of others"},
        ]
    },
    "runs/search": {
        "runs": [
            {"info": {"experiment_id": "1", "run_name": "pipeline 01a2", "run_id": "parent"}},
            {"info": {"experiment_id": "1", "run_name": "lienet", "run_id": "late"}},
            {"info": {"experiment_id": "1", "run_name": "lienet", "run_id": "early"}},
            {"info": {"experiment_id": "1", "run_name": "esrgan", "run_id": "other"}},
        ]
    },
}


class Handler(BaseHTTPRequestHandler):
    """Answers as MLflow's REST interface does, and notes what it was sent."""

    seen: list[tuple[str | None, Any]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.seen.append((self.headers["authorization"], body))
        answer = ANSWERS[self.path.removeprefix("/api/2.0/mlflow/")]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())


@pytest.fixture
def port() -> Iterator[int]:
    """The port of such a server."""
    Handler.seen.clear()
    with serve_http(Handler) as url:
        yield int(url.rpartition(":")[2])


def test_the_latest_run_of_each_model_is_linked(port: int):
    page = f"http://127.0.0.1:{port}/#/experiments/1/runs"
    assert list_run_links(f"http://me:word@127.0.0.1:{port}") == [
        {"experiment": "lienet-sr", "model": "esrgan", "run": f"{page}/other"},
        {"experiment": "lienet-sr", "model": "lienet", "run": f"{page}/late"},
    ]
    assert {authorization for authorization, _ in Handler.seen} == {"Basic bWU6d29yZA=="}
    assert Handler.seen[1][1]["experiment_ids"] == ["1"]


def test_a_store_without_server_gives_no_links():
    assert list_run_links("sqlite:///data/state/mlflow.db") == []
    assert list_run_links("") == []


def test_a_server_that_is_away_gives_no_links(port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(ANSWERS, "experiments/search", {"message": "unavailable"})
    assert list_run_links(f"http://127.0.0.1:{port}") == []
    assert list_run_links("http://127.0.0.1:1") == []


@pytest.mark.parametrize(
    ("url", "stripped"),
    [
        ("http://me:word@host:5000/path?x=1", "http://host:5000/path?x=1"),
        ("https://token@host", "https://host"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
    ],
)
def test_user_and_password_are_stripped(url: str, stripped: str):
    assert strip_user(url) == stripped
