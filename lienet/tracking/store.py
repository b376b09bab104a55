"""Connection to MLflow: where the store is, and errors and addresses without credentials.

The import of mlflow takes seconds, so it happens inside the functions, here and in this package.
"""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

from lienet.errors import InputError, ToolError
from lienet.files import locked
from lienet.tracking.locations import point_artifacts
from lienet.tracking.served import find_server
from lienet.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.store.entities import PagedList

Found = TypeVar("Found")
_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_IMPORT_LOCK = threading.Lock()
"""Two threads that import mlflow at once meet in its circles, and one gets half a module."""
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@")


def tracking_uri(workspace: Workspace) -> str:
    """Return the store's URI: the environment's, less credentials, or that of this workspace.

    The workspace's own is SQLite's, or the server's while one runs over it.
    """
    chosen = os.environ.get("MLFLOW_TRACKING_URI") or find_server(workspace.state_dir)
    return take_credentials(chosen or f"sqlite:///{workspace.state_dir / 'mlflow.db'}")


def connect(uri: str, state_dir: Path | None) -> MlflowClient:
    """Return a client; a SQLite store gets its tables here, by one process at a time.

    Args:
        uri: any that MLflow knows.
        state_dir: where the lock of that first moment lies; None only reads a store that is there.

    Raises:
        InputError: there is no such SQLite file, and nothing is to be made.
    """
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    warnings.filterwarnings("ignore", message="SOCKS support in urllib3")
    with _IMPORT_LOCK:
        from mlflow import MlflowClient

    uri = take_credentials(uri)
    for name in ("mlflow", "alembic"):  # what fails comes as an exception, told in one line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if state_dir is None:
        _refuse_missing_file(uri)
        return MlflowClient(tracking_uri=uri, registry_uri=uri)
    with locked(state_dir / "mlflow.lock"):
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        if uri.startswith("sqlite:"):
            client.search_experiments(max_results=1)
        if uri == f"sqlite:///{state_dir / 'mlflow.db'}":  # which may have been moved, or served
            point_artifacts(state_dir / "mlflow.db", (state_dir / "mlartifacts").as_uri())
    return client


def _refuse_missing_file(uri: str) -> None:
    path = Path(unquote(uri.removeprefix("sqlite:///").partition("?")[0]))
    if uri.startswith("sqlite:///") and not path.is_file():
        raise InputError(
            "there is no MLflow store", got=path, remedy="check its path, or run dvc repro"
        )


def take_credentials(uri: str) -> str:
    """Return an HTTP URI without user and password, handed to MLflow by its variables instead.

    MLflow prints the page of each run that ends, and takes its address from the URI.
    """
    parts = urlsplit(uri)
    credentials, _, host = parts.netloc.rpartition("@")
    if parts.scheme not in ("http", "https") or not credentials:
        return uri
    user, _, password = credentials.partition(":")
    os.environ["MLFLOW_TRACKING_USERNAME"] = unquote(user)
    os.environ["MLFLOW_TRACKING_PASSWORD"] = unquote(password)
    return urlunsplit(parts._replace(netloc=host))


def redact(text: str) -> str:
    """Return ``text`` with the user and password of each URI in it left out."""
    return _CREDENTIALS.sub("", text)


def summarise_error(error: BaseException) -> str:
    """Return why the network failed, if it did, or the start of the error's own words."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        cause = cause.__cause__ or cause.__context__
    return redact(" ".join(str(error).split()))[:160]


@contextmanager
def explain_errors(uri: str) -> Iterator[None]:
    """Turn what MLflow and its database raise into one line that names the store.

    Raises:
        ToolError: MLflow cannot be reached, or refuses.
    """
    with _IMPORT_LOCK:
        from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise ToolError(
            f"MLflow at {redact(uri)} does not answer as it should: {summarise_error(error)}",
            remedy="check MLFLOW_TRACKING_URI and the server",
        ) from error


@contextmanager
def open_store(workspace: Workspace) -> Iterator[MlflowClient]:
    """Connect to the workspace's store.

    Raises:
        ToolError: MLflow cannot be reached, or refuses; also from within the body.
    """
    uri = tracking_uri(workspace)
    with explain_errors(uri):
        yield connect(uri, workspace.state_dir)


def list_pages(search: Callable[[str | None], PagedList[Found]]) -> list[Found]:
    """Return what every page of a search holds; ``search`` is given the token of a page."""
    found: list[Found] = []
    token = None
    while True:
        page = search(token)
        found += page
        token = page.token
        if not token:
            return found
