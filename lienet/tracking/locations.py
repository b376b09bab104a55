"""Where a SQLite store says that artifacts lie: files of this workspace, or the server's to serve.

MLflow writes whole addresses into its tables when it makes an experiment, a run or a model. Made
without a server they name a folder of one machine, which another machine then makes on its own disk
and fills; and they lead nowhere once the workspace is moved.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

SERVED = "mlflow-artifacts:/"
"""Stands before the path of what MLflow's server keeps, for whoever asks it."""
_FOLDER = "/data/state/mlartifacts"
_COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def point_artifacts(database: Path, prefix: str) -> None:
    """Have every artifact of a workspace's store lie under ``prefix``; elsewhere ones stay.

    Args:
        database: the store's SQLite file; nothing happens where there is none.
        prefix: ``SERVED``, or the workspace's own folder of artifacts as a ``file:`` URI.

    Raises:
        sqlite3.Error: the file is no database, or another process writes to it for too long.
    """
    if not database.is_file():
        return
    with closing(sqlite3.connect(database, timeout=30.0)) as connection, connection:
        named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = {name for (name,) in named}
        for table, column in _COLUMNS:
            if table not in tables:
                continue
            rows = connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
            pointed = [(_point(address, prefix), row) for row, address in rows]
            changed = [
                (new, row) for (new, row), (_, old) in zip(pointed, rows, strict=True) if new != old
            ]
            connection.executemany(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", changed)


def _point(address: str | None, prefix: str) -> str | None:
    """Return an address under ``prefix``, if it is one of a workspace's store."""
    if address is None:
        return None
    before, folder, path = address.partition(_FOLDER)
    if not folder or not before.startswith(("file:", "/")):
        scheme, folder, path = address.partition(SERVED)
        if not folder or scheme:
            return address
    return f"{prefix.rstrip('/')}/{path.lstrip('/')}"
