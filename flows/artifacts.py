"""A run's artifacts in Prefect: its choices, how each stage ended, Table 1, and links.

They hold no credentials: links lose users and passwords, choices whatever looks like either.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from flows.commands import hide_secrets
from flows.mlflow_links import list_run_links, strip_user
from flows.session import Choices, Session
from flows.stage import Outcome


def record_choices(session: Session, choices: Choices) -> None:
    """Record what the run was asked for, at which commit, and the params that it ran with."""
    asked = json.dumps(asdict(choices), indent=2, default=str)
    text = (
        f"Commit `{find_commit(session.workspace.root)}`\n\n"
        f"```json\n{asked}\n```\n\n## params.yaml\n\n```yaml\n{session.params_text}```\n"
    )
    create_markdown_artifact(
        hide_secrets(text), key="choices", description="What the run was asked for"
    )


def record_outcomes(outcomes: Mapping[str, Outcome]) -> None:
    """Record how each stage ended."""
    rows = [{"stage": stage, "outcome": outcome.value} for stage, outcome in outcomes.items()]
    create_table_artifact(rows, key="stages", description="How each stage ended")


def record_results(session: Session) -> None:
    """Record Table 1 and links to the report and to MLflow's runs, as far as there are any."""
    table = session.workspace.reports_dir / "table1.csv"
    if table.is_file():
        create_table_artifact(read_table(table), key="table1", description="Table 1")
    page = session.workspace.reports_dir / "index.html"
    if page.is_file():
        create_link_artifact(
            page.as_uri(), link_text="The report", key="report", description=f"At {page}"
        )
    tracking = os.environ.get("MLFLOW_TRACKING_URI", "")
    links = list_run_links(tracking)
    if links:
        create_table_artifact(links, key="mlflow-runs", description="The latest run of each model")
    elif tracking.startswith(("http://", "https://")):
        create_link_artifact(strip_user(tracking), link_text="MLflow", key="mlflow-runs")
    else:
        create_markdown_artifact(
            "`mlflow ui --backend-store-uri sqlite:///data/state/mlflow.db` in the workspace",
            key="mlflow-runs",
            description="The runs in MLflow",
        )


def read_table(path: Path) -> list[dict[str, str]]:
    """Return a CSV file's rows."""
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def find_commit(root: Path) -> str:
    """Return the workspace's commit, or "none"."""
    command = ["git", "rev-parse", "HEAD"]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return ran.stdout.strip() or "none"
