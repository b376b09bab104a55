"""MLflow's experiments, runs and logged models: each found again, or made where there is none.

A task is an experiment. A trained model, or a method that learns nothing, is a run, known by its
run key, so that every stage, process and machine finds the same one, and named by model, steps and
commit. A run has one logged model for each set of weights that it was measured with, which is what
MLflow ranks.
"""

from __future__ import annotations

import getpass
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lienet.files import locked
from lienet.tracking.store import tracking_uri
from lienet.tracking.table_columns import NOTE, NOTE_STARTS, VIEW_TAG, describe_view
from lienet.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run

PARENT_VARIABLE = "LIENET_PARENT_RUN_ID"
"""Names the pipeline run that runs are made in, in the environment of stages."""
PARENT_TAG = "mlflow.parentRunId"
FLOW_TAG = "lienet.flow_run"
"""The pipeline run that a run was made in, where that is no run of MLflow."""
FORMER_PARENT_TAG = "lienet.pipeline"
"""On runs without figures that held those of one pipeline run, in stores of before."""
MODEL_TAG = "lienet.model"
RUN_KEY_TAG = "lienet.run_key"
WEIGHTS_TAG = "lienet.weights_sha256"
_NOTE_TAG = "mlflow.note.content"
_COMMIT_CHARS, _KEY_CHARS = 7, 4
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
        is_local = tracking_uri(workspace).startswith("sqlite:")
        artifacts = (workspace.state_dir / "mlartifacts").as_uri() if is_local else None
        with suppress(MlflowException):  # another stage was quicker, or it is refused below
            client.create_experiment(name, artifacts, tags=dict(_EXPERIMENT_TAGS))
        found = client.get_experiment_by_name(name)
        if found is None:
            raise MlflowException(f"the experiment {name} cannot be made")
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    experiment_id = str(found.experiment_id)
    wanted = {VIEW_TAG: describe_view()}
    if found.tags.get(_NOTE_TAG, NOTE_STARTS[0]).startswith(NOTE_STARTS):  # or it is a person's own
        wanted[_NOTE_TAG] = NOTE.format(id=experiment_id)
    for tag, value in wanted.items():
        if found.tags.get(tag) != value:
            client.set_experiment_tag(experiment_id, tag, value)
    return experiment_id


def title_run(model: str, steps: int, commit: str) -> str:
    """Return how a run is named, such as "lienet 400 steps 4103b35"; what is not known is left out.

    Args:
        model: its model or method.
        steps: of training; 0 where nothing was learned.
        commit: of the code; empty outside of git.
    """
    parts = (model, f"{steps} steps" if steps else "", commit[:_COMMIT_CHARS])
    return " ".join(part for part in parts if part)


def find_run(
    client: MlflowClient, experiment_id: str, model: str, run_key: str, title: str = ""
) -> Run:
    """Return the oldest run of a model and key, made if there is none.

    Args:
        client: of the store.
        experiment_id: the task's.
        model: the model's name.
        run_key: names what decides the run.
        title: the name for a new run, and for one that has its model's alone; where another run
            has it, the start of the key is added.
    """
    own = f"tags.`{RUN_KEY_TAG}` = '{run_key}' and tags.`{MODEL_TAG}` = '{model}'"
    if (found := _seek_oldest(client, experiment_id, own)) is not None:
        if title and found.info.run_name == model:
            title = _make_unique(client, experiment_id, title, run_key)
            client.update_run(found.info.run_id, name=title)
            return client.get_run(found.info.run_id)
        return found
    name = _make_unique(client, experiment_id, title or model, run_key)
    tags = {RUN_KEY_TAG: run_key, MODEL_TAG: model, "mlflow.source.name": "lienet"}
    with suppress(OSError, KeyError):  # a user without a name
        tags["mlflow.user"] = getpass.getuser()
    return client.create_run(experiment_id, run_name=name, tags=tags)


def _make_unique(client: MlflowClient, experiment_id: str, title: str, run_key: str) -> str:
    same = f"attributes.run_name = '{title}'"
    is_taken = _seek_oldest(client, experiment_id, same) is not None
    return f"{title} {run_key[:_KEY_CHARS]}" if is_taken else title


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
                name=run.data.tags.get(MODEL_TAG, run.info.run_name),
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


def join_pipeline(client: MlflowClient, run: Run, pipeline: str) -> None:
    """Note the pipeline run that a run was made in, unless another has been noted.

    Where ``pipeline`` is the id of a run in MLflow, the run is nested under it. Any other name is a
    tag: a run that holds others would be a row without figures.
    """
    if run.data.tags.keys() & {PARENT_TAG, FLOW_TAG}:
        return
    tag = PARENT_TAG if _is_run(client, pipeline) else FLOW_TAG
    client.set_tag(run.info.run_id, tag, pipeline)


def _is_run(client: MlflowClient, name: str) -> bool:
    from mlflow.exceptions import MlflowException

    if not _RUN_ID.fullmatch(name):
        return False
    try:
        client.get_run(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return False
    return True


def _seek_oldest(client: MlflowClient, experiment_id: str, filter_string: str) -> Run | None:
    """Return the oldest run that passes, as two processes may have made one each."""
    found = client.search_runs(
        [experiment_id],
        filter_string=filter_string,
        max_results=1,
        order_by=["attributes.start_time ASC"],
    )
    return found[0] if found else None
