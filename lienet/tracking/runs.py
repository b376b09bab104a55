"""MLflow's experiments, runs and logged models: each found again, or made where there is none.

A task is an experiment. A trained model, or a method that learns nothing, is a run, named by its
run key, so that every stage, process and machine finds the same one. A run has one logged model for
each set of weights that it was measured with, which is what MLflow ranks.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from lienet.files import locked
from lienet.tracking.table_columns import NOTE, VIEW_TAG, describe_view
from lienet.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run

PARENT_VARIABLE = "LIENET_PARENT_RUN_ID"
"""Names the pipeline run that runs are nested under, in the environment of stages."""
PARENT_TAG = "mlflow.parentRunId"
PIPELINE_TAG = "lienet.pipeline"
RUN_KEY_TAG = "lienet.run_key"
WEIGHTS_TAG = "lienet.weights_sha256"
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}


def name_experiment(task: str) -> str:
    """Return the name of a task's experiment, which is its registered model's too."""
    return f"lienet-{task}"


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


def find_run(client: MlflowClient, experiment_id: str, name: str, run_key: str) -> Run:
    """Return the oldest run of a name and key, made if there is none."""
    named = f"tags.`{RUN_KEY_TAG}` = '{run_key}' and attributes.run_name = '{name}'"
    if (found := _seek_oldest(client, experiment_id, named)) is not None:
        return found
    tags = {RUN_KEY_TAG: run_key, "mlflow.source.name": "lienet"}
    return client.create_run(experiment_id, run_name=name, tags=tags)


def find_logged_model(
    client: MlflowClient, state_dir: Path, run: Run, weights_sha256: str
) -> LoggedModel:
    """Return the oldest logged model of a run and its weights, made if there is none.

    Args:
        client: of the store.
        state_dir: of the workspace; holds the lock by which two processes make one.
        run: that it comes from.
        weights_sha256: of the weights; empty for a method that has none.
    """
    with locked(state_dir / "logged_model.lock"):
        found = _seek_logged_model(client, run, weights_sha256)
        if found is None:
            found = client.create_logged_model(
                run.info.experiment_id,
                name=run.info.run_name,
                source_run_id=run.info.run_id,
                tags=_tag_logged_model(run, weights_sha256),
                model_type="image-enhancement",
            )
        if found.status != "READY":  # made just now, or by a process that was killed
            _add_output(client, run.info.run_id, found.model_id)
            found = client.finalize_logged_model(found.model_id, "READY")
    return found


def _add_output(client: MlflowClient, run_id: str, model_id: str) -> None:
    from mlflow.entities import LoggedModelOutput

    outputs = client.get_run(run_id).outputs
    held = outputs.model_outputs if outputs is not None else []
    if model_id not in {each.model_id for each in held}:
        client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])


def _tag_logged_model(run: Run, weights_sha256: str) -> dict[str, str]:
    return {RUN_KEY_TAG: run.data.tags[RUN_KEY_TAG], WEIGHTS_TAG: weights_sha256}


def _seek_logged_model(client: MlflowClient, run: Run, weights_sha256: str) -> LoggedModel | None:
    tags = _tag_logged_model(run, weights_sha256)
    wanted = " AND ".join(
        (
            f"source_run_id = '{run.info.run_id}'",
            *(f"tags.`{name}` = '{value}'" for name, value in tags.items()),
        )
    )
    found = client.search_logged_models(
        [run.info.experiment_id],
        filter_string=wanted,
        order_by=[{"field_name": "creation_timestamp", "ascending": True}],
        max_results=1,
    )
    return found[0] if found else None


def nest_run(client: MlflowClient, state_dir: Path, run: Run, pipeline: str) -> None:
    """Put a run under its pipeline's, unless it is under one; the first that made it keeps it.

    ``pipeline`` is the id of a run in MLflow, or any other name of a pipeline run: then each
    experiment gets a run of that name, as MLflow nests within one experiment.
    """
    if PARENT_TAG in run.data.tags:
        return
    experiment_id = run.info.experiment_id
    with locked(state_dir / "nest.lock"):  # stages side by side make one parent
        parent = _seek_parent(client, experiment_id, pipeline)
        if parent is None:
            name = f"pipeline {pipeline[:8]}"
            tags = {PIPELINE_TAG: pipeline, "mlflow.source.name": "lienet"}
            parent = client.create_run(experiment_id, run_name=name, tags=tags)
            client.set_terminated(parent.info.run_id)  # it holds others; nobody ends it later
    client.set_tag(run.info.run_id, PARENT_TAG, parent.info.run_id)


def _seek_parent(client: MlflowClient, experiment_id: str, pipeline: str) -> Run | None:
    from mlflow.exceptions import MlflowException

    if _RUN_ID.fullmatch(pipeline):
        try:
            return client.get_run(pipeline)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
    quoted = pipeline.replace("'", "")
    return _seek_oldest(client, experiment_id, f"tags.`{PIPELINE_TAG}` = '{quoted}'")


def _seek_oldest(client: MlflowClient, experiment_id: str, filter_string: str) -> Run | None:
    """Return the oldest run that passes, as two processes may have made one each."""
    found = client.search_runs(
        [experiment_id],
        filter_string=filter_string,
        max_results=1,
        order_by=["attributes.start_time ASC"],
    )
    return found[0] if found else None
