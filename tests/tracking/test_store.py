from __future__ import annotations

import os
from pathlib import Path

import pytest

from lienet.errors import InputError, ToolError
from lienet.tracking.store import (
    connect,
    explain_errors,
    redact,
    summarise_error,
    take_credentials,
    tracking_uri,
)
from lienet.workspace import Workspace

SECRET_URI = "http://ann:pass@word@127.0.0.1:9/path"


def test_the_store_is_the_environments_or_the_workspaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert tracking_uri(Workspace(tmp_path)) == f"sqlite:///{tmp_path}/data/state/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert tracking_uri(Workspace(tmp_path)) == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SECRET_URI, "http://127.0.0.1:9/path"),
        ("postgresql://ann:pw@db/x and s3://k:s@b/p", "postgresql://db/x and s3://b/p"),
        ("sqlite:////a@b/mlflow.db", "sqlite:////a@b/mlflow.db"),
        ("http://127.0.0.1:9/@here", "http://127.0.0.1:9/@here"),
    ],
)
def test_nothing_shown_holds_a_password(text: str, expected: str):
    assert redact(text) == expected


@pytest.mark.parametrize(
    ("uri", "left", "user", "password"),
    [
        ("http://ann:s%40y@host:5000/x", "http://host:5000/x", "ann", "s@y"),
        ("https://token@host", "https://host", "token", ""),
    ],
)
def test_credentials_go_to_the_variables_that_mlflow_reads(
    monkeypatch: pytest.MonkeyPatch, uri: str, left: str, user: str, password: str
):
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "before")
    assert take_credentials(uri) == left
    assert os.environ["MLFLOW_TRACKING_USERNAME"] == user
    assert os.environ["MLFLOW_TRACKING_PASSWORD"] == password


@pytest.mark.parametrize("uri", ["http://host:5000", "sqlite:////tmp/a.db", "postgresql://u:p@h/d"])
def test_other_uris_stay_as_they_are(uri: str):
    assert take_credentials(uri) == uri


def test_an_error_is_told_in_short():
    wrapped = RuntimeError("long story")
    wrapped.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert summarise_error(wrapped) == "connection refused"
    assert summarise_error(ValueError(f"no answer\n from {SECRET_URI}")) == (
        "no answer from http://127.0.0.1:9/path"
    )


def test_a_store_that_is_away_is_one_line_without_the_password(monkeypatch: pytest.MonkeyPatch):
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "before")
    away = connect(SECRET_URI, None)
    line = r"MLflow at http://127.0.0.1:9/path"
    with pytest.raises(ToolError, match=line) as raised, explain_errors(SECRET_URI):
        away.search_experiments()
    assert "pass" not in str(raised.value)
    assert "word" not in str(raised.value)


def test_a_database_that_is_none_is_one_line(tmp_path: Path):
    (tmp_path / "mlflow.db").write_bytes(os.urandom(4096))
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    with pytest.raises(ToolError, match="does not answer as it should") as raised:  # noqa: SIM117
        with explain_errors(uri):
            connect(uri, tmp_path)
    assert "\n" not in str(raised.value)


def test_reading_makes_no_store(tmp_path: Path):
    missing = tmp_path / "typo" / "x.db"
    with pytest.raises(InputError, match=f"there is no MLflow store, got {missing}"):
        connect(f"sqlite:///{missing}", None)
    assert not missing.parent.exists()
