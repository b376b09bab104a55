from __future__ import annotations

import os

import pytest

from lienet.tracking.credentials import take_credentials


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "before")


def test_user_and_password_leave_the_address_for_the_environment():
    uri = take_credentials("https://some%40one:p%2Fw:x@host:5000/mlflow?a=b")
    assert uri == "https://host:5000/mlflow?a=b"
    assert os.environ["MLFLOW_TRACKING_USERNAME"] == "some@one"
    assert os.environ["MLFLOW_TRACKING_PASSWORD"] == "p/w:x"


@pytest.mark.parametrize(
    "uri", ["http://host:5000", "sqlite:////folder/a@b.db", "file:///a@b", "postgresql://u:p@h/d"]
)
def test_any_other_address_stays_as_it_is(uri: str):
    assert take_credentials(uri) == uri
    assert os.environ["MLFLOW_TRACKING_USERNAME"] == "before"
