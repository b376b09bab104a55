"""Addresses of artifacts in a SQLite store; that they lead somewhere is tested with a server."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from lienet.tracking.locations import SERVED, point_artifacts


def test_only_addresses_of_a_workspace_s_store_are_changed(tmp_path: Path):
    database = tmp_path / "mlflow.db"
    addresses = {
        "file:///ws/data/state/mlartifacts/1/a": "mlflow-artifacts:/1/a",
        "/ws/data/state/mlartifacts/1": "mlflow-artifacts:/1",
        "mlflow-artifacts:/2/b": "mlflow-artifacts:/2/b",
        "s3://bucket/data/state/mlartifacts/1": "s3://bucket/data/state/mlartifacts/1",
        "file:///elsewhere/1": "file:///elsewhere/1",
    }
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE runs (artifact_uri TEXT)")
        connection.executemany("INSERT INTO runs VALUES (?)", [(one,) for one in addresses])
    point_artifacts(database, SERVED)
    with sqlite3.connect(database) as connection:
        found = [one for (one,) in connection.execute("SELECT artifact_uri FROM runs")]
    assert found == list(addresses.values())
    connection.close()
