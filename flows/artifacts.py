"""A run's artifacts in Prefect: its choices, how each stage ended, Table 1, and links.

They hold no credentials: links lose users and passwords, choices whatever looks like either.
"""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.runtime import flow_run
from prefect.settings import get_current_settings

from flows.mlflow_links import list_run_links, strip_user
from flows.redaction import hide_secrets
from flows.report_pages import KEEPS, PATH
from flows.session import Choices, Session
from flows.stage import Outcome

_TIMEOUT_S = 60.0


def record_choices(session: Session, choices: Choices, commit: str) -> None:
    """Record what the run was asked for, at which commit, and the params that it ran with."""
    asked = json.dumps(asdict(choices), indent=2, default=str)
    text = (
        f"Commit `{commit}`\n\n"
        f"```json\n{asked}\n```\n\n## params.yaml\n\n```yaml\n{session.params_text}```\n"
    )
    create_markdown_artifact(
        hide_secrets(text), key="choices", description="What the run was asked for"
    )


def record_outcomes(outcomes: Mapping[str, Outcome]) -> None:
    """Record how each stage ended."""
    rows = [{"stage": stage, "outcome": outcome.value} for stage, outcome in outcomes.items()]
    create_table_artifact(rows, key="stages", description="How each stage ended")


def record_results(session: Session, tracked: Sequence[Mapping[str, Any]] = ()) -> None:
    """Record Table 1 and links to the report and to MLflow's runs, as far as there are any.

    Args:
        session: of the run.
        tracked: the runs in MLflow that hold what this run made or found up to date.
    """
    table = session.workspace.reports_dir / "table1.csv"
    if table.is_file():
        create_table_artifact(read_table(table), key="table1", description="Table 1")
    page = session.workspace.reports_dir / "index.html"
    if page.is_file():
        record_report(page)
    tracking = os.environ.get("MLFLOW_TRACKING_URI", "")
    links = list_run_links(tracking, tracked)
    if links:
        create_table_artifact(links, key="mlflow-runs", description="The models of this run")
    elif tracking.startswith(("http://", "https://")):
        create_link_artifact(strip_user(tracking), link_text="MLflow", key="mlflow-runs")
    else:
        create_markdown_artifact(
            "`mlflow ui --backend-store-uri sqlite:///data/state/mlflow.db` in the workspace",
            key="mlflow-runs",
            description="The runs in MLflow",
        )


def record_report(page: Path) -> None:
    """Send the report to Prefect's server and record the link, or where it lies if it cannot."""
    url = send_report(page, str(flow_run.get_id()))
    if url is not None:
        create_link_artifact(url, link_text="The report", key="report", description=f"From {page}")
    else:
        text = f"The report is `{page}` on `{socket.gethostname()}`; `make server` would serve it."
        create_markdown_artifact(text, key="report", description="The report")


def send_report(page: Path, run_id: str) -> str | None:
    """Send a page to Prefect's server; return its address, or None where the server keeps none."""
    settings = get_current_settings().api
    root = (settings.url or "").removesuffix("/").removesuffix("/api")
    url = f"{root}{PATH}/{run_id}"
    secret = settings.auth_string.get_secret_value() if settings.auth_string else ""
    user, _, password = secret.partition(":")
    try:
        with httpx.Client(auth=(user, password) if user else None, timeout=_TIMEOUT_S) as client:
            if not KEEPS.items() <= dict(client.get(url).headers).items():
                return None  # somebody else's server is sent no pictures
            answer = client.put(url, content=page.read_bytes())
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return url if answer.status_code == httpx.codes.CREATED else None


def read_table(path: Path) -> list[dict[str, str]]:
    """Return a CSV file's rows."""
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def find_commit(root: Path) -> str:
    """Return the workspace's commit, or "none"."""
    command = ["git", "rev-parse", "HEAD"]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return ran.stdout.strip() or "none"
