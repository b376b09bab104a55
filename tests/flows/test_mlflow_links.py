"""Links to the runs in MLflow that hold one pipeline run's files, without credentials."""

from __future__ import annotations

import pytest

from flows.mlflow_links import list_run_links, strip_user

TRACKED = [
    {
        "item": "sr-lienet", "task": "sr", "model": "lienet", "experiment_id": "1",
        "run_id": "abc", "name": "lienet 400 steps 4103b35", "was_behind": True,
    }
]  # fmt: skip


def test_the_runs_that_were_tracked_are_linked():
    assert list_run_links("http://me:word@127.0.0.1:5000/", TRACKED) == [
        {
            "experiment": "lienet-sr",
            "model": "lienet",
            "run": "lienet 400 steps 4103b35",
            "page": "http://127.0.0.1:5000/#/experiments/1/runs/abc",
        }
    ]


def test_a_store_without_server_gives_no_links():
    assert list_run_links("sqlite:///data/state/mlflow.db", TRACKED) == []
    assert list_run_links("", TRACKED) == []


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
