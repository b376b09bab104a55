"""Links to runs in MLflow's pages, asked of its server by its REST interface.

A server that is away or answers otherwise costs the links, never the run. Credentials come by the
environment, as MLflow's own client takes them, and are in no link.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

_TIMEOUT_S = 10.0
_MAX_RUNS = 500
_PARENT = "pipeline "
"""How the runs are called that hold the models' runs of one pipeline run."""


def list_run_links(tracking_uri: str) -> list[dict[str, str]]:
    """Return the latest run of each model: experiment, name, and where its page is.

    Empty where the store is no server, or the server does not answer.
    """
    if not tracking_uri.startswith(("http://", "https://")):
        return []
    page = strip_user(tracking_uri).rstrip("/")
    try:
        experiments = _ask(tracking_uri, "experiments/search", max_results=100)["experiments"]
        names = {
            one["experiment_id"]: one["name"]
            for one in experiments
            if one["name"].startswith("lienet")
        }
        runs = _ask(
            tracking_uri,
            "runs/search",
            experiment_ids=list(names),
            max_results=_MAX_RUNS,
            order_by=["attributes.start_time DESC"],
        ).get("runs", [])
        latest: dict[tuple[str, str], str] = {}
        for run in runs:
            info = run["info"]
            if info["run_name"].startswith(_PARENT):
                continue
            latest.setdefault((info["experiment_id"], info["run_name"]), info["run_id"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError):
        return []
    return [
        {
            "experiment": names[experiment],
            "model": name,
            "run": f"{page}/#/experiments/{experiment}/runs/{run}",
        }
        for (experiment, name), run in sorted(latest.items())
    ]


def strip_user(url: str) -> str:
    """Return a URL without user name and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _ask(tracking_uri: str, method: str, **body: object) -> Any:
    user = os.environ.get("MLFLOW_TRACKING_USERNAME")
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    server = strip_user(tracking_uri) if token else tracking_uri  # a user there would come first
    answer = httpx.post(
        f"{server.rstrip('/')}/api/2.0/mlflow/{method}",
        json=body,
        headers={"authorization": f"Bearer {token}"} if token else None,
        auth=(user, os.environ.get("MLFLOW_TRACKING_PASSWORD", "")) if user and not token else None,
        timeout=_TIMEOUT_S,
    )
    return answer.raise_for_status().json()
