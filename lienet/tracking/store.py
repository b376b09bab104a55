"""Where MLflow's store is, how it is reached, and how what is said of it stays free of credentials.

Owns connecting, and the runs and experiments that everything else is logged to. The import of
mlflow takes seconds, so it happens inside the functions.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lienet.errors import ToolError
from lienet.files import locked
from lienet.tracking.columns import NOTE, VIEW_TAG, describe_view
from lienet.tracking.credentials import take_credentials
from lienet.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

PARENT_TAG = "mlflow.parentRunId"
PIPELINE_TAG = "lienet.pipeline"
_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@")
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}


def tracking_uri(workspace: Workspace) -> str:
    """Return the store's URI: the environment's, else SQLite in the workspace.

    It may hold a password; what is shown or recorded is :func:`redact`'s.
    """
    chosen = os.environ.get("MLFLOW_TRACKING_URI")
    return chosen or f"sqlite:///{workspace.state_dir / 'mlflow.db'}"


def redact(text: str) -> str:
    """Return ``text`` with the user and password of each URI in it left out."""
    return _CREDENTIALS.sub("", text)


def in_short(error: BaseException) -> str:
    """Return why the network failed, if it did, or the start of the error's own words."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        cause = cause.__cause__ or cause.__context__
    return redact(" ".join(str(error).split()))[:160]


@contextmanager
def explaining(uri: str) -> Iterator[None]:
    """Turn what MLflow raises into one line that names the store.

    Raises:
        ToolError: MLflow cannot be reached, or refuses.
    """
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        raise ToolError(
            f"MLflow at {redact(uri)} does not answer as it should: {in_short(error)}",
            remedy="check MLFLOW_TRACKING_URI and the server",
        ) from error


def connect(uri: str, state_dir: Path | None) -> MlflowClient:
    """Return a client; a SQLite store gets its tables here, by one process at a time.

    Args:
        uri: any that MLflow knows.
        state_dir: where the lock of that first moment lies; None takes no lock.
    """
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    warnings.filterwarnings("ignore", message="SOCKS support in urllib3")
    from mlflow import MlflowClient

    uri = take_credentials(uri)
    for name in ("mlflow", "alembic"):  # what fails comes as an exception, told in one line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if state_dir is None:
        return MlflowClient(tracking_uri=uri, registry_uri=uri)
    with locked(state_dir / "mlflow.lock"):
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        if uri.startswith("sqlite:"):
            client.search_experiments(max_results=1)
    return client


def find_experiment(client: MlflowClient, workspace: Workspace, name: str) -> str:
    """Return the id of the experiment ``name``, made if there is none, with its view of Table 1."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        is_local = not os.environ.get("MLFLOW_TRACKING_URI")
        artifacts = (workspace.state_dir / "mlartifacts").as_uri() if is_local else None
        try:
            made = str(client.create_experiment(name, artifacts, tags=dict(_EXPERIMENT_TAGS)))
            client.set_experiment_tag(made, "mlflow.note.content", NOTE.format(id=made))
        except MlflowException:
            pass  # another stage was quicker, or it is refused below
        found = client.get_experiment_by_name(name)
        if found is None:
            raise MlflowException(f"the experiment {name} cannot be made")
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    if found.tags.get(VIEW_TAG) != describe_view():
        client.set_experiment_tag(found.experiment_id, VIEW_TAG, describe_view())
    return str(found.experiment_id)


def find_run(
    client: MlflowClient, experiment_id: str, name: str, run_key: str, start_ms: int | None = None
) -> str:
    """Return the id of the run of a name and key, made if there is none."""
    if (run_id := seek_run(client, experiment_id, name, run_key)) is not None:
        return run_id
    tags = {"lienet.run_key": run_key, "mlflow.source.name": "lienet"}
    run = client.create_run(experiment_id, start_time=start_ms, run_name=name, tags=tags)
    return str(run.info.run_id)


def seek_run(client: MlflowClient, experiment_id: str, name: str, run_key: str) -> str | None:
    """Return the id of the oldest run of a name and key, or None."""
    named = f"tags.`lienet.run_key` = '{run_key}' and attributes.run_name = '{name}'"
    return _seek_oldest(client, experiment_id, named)


def nest_run(
    client: MlflowClient, state_dir: Path, experiment_id: str, run_id: str, pipeline: str
) -> None:
    """Put a run under its pipeline's, unless it is under one; the first that made it keeps it.

    ``pipeline`` is the id of a run in MLflow, or any other name of a pipeline run: then each
    experiment gets a run of that name, as MLflow nests within one experiment.
    """
    if PARENT_TAG in client.get_run(run_id).data.tags:
        return
    with locked(state_dir / "nest.lock"):  # stages side by side make one parent
        parent = _seek_parent(client, experiment_id, pipeline)
        if parent is None:
            name = f"pipeline {pipeline[:8]}"
            tags = {PIPELINE_TAG: pipeline, "mlflow.source.name": "lienet"}
            parent = str(client.create_run(experiment_id, run_name=name, tags=tags).info.run_id)
            client.set_terminated(parent)  # it holds others; it is nobody's to end later
    client.set_tag(run_id, PARENT_TAG, parent)


def _seek_parent(client: MlflowClient, experiment_id: str, pipeline: str) -> str | None:
    from mlflow.exceptions import MlflowException

    if _RUN_ID.fullmatch(pipeline):
        try:
            return str(client.get_run(pipeline).info.run_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
    quoted = pipeline.replace("'", "")
    return _seek_oldest(client, experiment_id, f"tags.`{PIPELINE_TAG}` = '{quoted}'")


def _seek_oldest(client: MlflowClient, experiment_id: str, filter_string: str) -> str | None:
    """Return the id of the oldest run that passes, as two processes may have made one each."""
    found = client.search_runs(
        [experiment_id],
        filter_string=filter_string,
        max_results=1,
        order_by=["attributes.start_time ASC"],
    )
    return str(found[0].info.run_id) if found else None
