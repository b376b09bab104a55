"""Links to the runs in MLflow's pages that hold the files of one pipeline run.

Which those are says ``lienet track``; nobody else is asked. Links hold no credentials.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit


def list_run_links(tracking_uri: str, tracked: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return experiment, model, run and the run's page for what ``lienet track --json`` wrote.

    Empty where the store is no server.
    """
    if not tracking_uri.startswith(("http://", "https://")):
        return []
    page = strip_user(tracking_uri).rstrip("/")
    return [
        {
            "experiment": f"lienet-{run['task']}",
            "model": str(run["model"]),
            "run": str(run["name"]),
            "page": f"{page}/#/experiments/{run['experiment_id']}/runs/{run['run_id']}",
        }
        for run in tracked
    ]


def strip_user(url: str) -> str:
    """Return a URL without user name and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
