"""A workspace held for one run of a flow, with the run's params in use."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from prefect import get_run_logger
from prefect.runtime import flow_run

from flows.active_params import choose_params, using_params
from flows.commands import Commands
from flows.dvc import Dvc
from flows.occupancy import holding_workspace, noting_run
from flows.orphans import ending_with_the_worker
from lienet.params import Params, load_params
from lienet.workspace import Workspace

PARENT_VARIABLE = "LIENET_PARENT_RUN_ID"
"""Tells every stage which pipeline run its MLflow run belongs under."""


@dataclass(frozen=True)
class Choices:
    """What a run is asked for, as the flows' parameters say it."""

    targets: Sequence[str] = ()
    profile: str | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    force: bool = False
    pull: bool = False
    push: bool = False


@dataclass(frozen=True)
class Session:
    """A workspace held for one run, with the run's params in use."""

    workspace: Workspace
    params: Params
    params_text: str
    commands: Commands
    dvc: Dvc


@contextmanager
def open_session(workspace: Workspace, choices: Choices) -> Iterator[Session]:
    """Check the choices, wait for the workspace, and put the run's params to use.

    Raises:
        InUseError: another run has the workspace, and params say to skip.
        InputError, ParamsError: the choices are not valid; nothing was touched.
    """
    logger = get_run_logger()
    run_id = str(flow_run.get_id() or f"local-{os.getpid()}")
    flows = load_params(workspace.params_path).flows
    choose_params(workspace, choices.profile, choices.overrides)  # refuses before it waits
    with (
        ending_with_the_worker(),
        noting_run(workspace, run_id),
        holding_workspace(
            workspace,
            run_id,
            waits=flows.overlap == "wait",
            on_wait=lambda holder: logger.info(
                "waiting: the workspace is in use by flow run %s", holder
            ),
        ) as lock_fd,
        using_params(workspace, None),  # what a killed run left is put back before it is read
        using_params(workspace, choose_params(workspace, choices.profile, choices.overrides)),
    ):
        text = workspace.params_path.read_text(encoding="utf-8")
        params = load_params(workspace.params_path)
        with (
            Commands(
                workspace.root,
                grace_s=params.flows.cancel_grace_s,
                lock_fd=lock_fd,
                environment={PARENT_VARIABLE: run_id},
            ) as commands,
            Dvc(commands) as dvc,
        ):
            yield Session(workspace, params, text, commands, dvc)
