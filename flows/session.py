"""A workspace held for one run of a flow, with the run's params in use."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import get_run_logger
from prefect.runtime import flow_run

from flows.active_params import choose_params, using_params
from flows.commands import Commands
from flows.dvc import Dvc
from flows.graph import read_graph, require_remote
from flows.occupancy import holding_workspace, noting_run
from flows.orphans import ending_with_the_worker
from flows.time_limits import limiting_time
from flows.waiting import Waiting
from lienet.errors import LienetError, ToolError
from lienet.params import Params, load_params
from lienet.workspace import Workspace

PARENT_VARIABLE = "LIENET_PARENT_RUN_ID"
"""Tells every stage which pipeline run its MLflow run belongs under."""
RUN = "run"
"""The name in ``flows.timeouts_s`` of a whole run, from its hold of the workspace to its end."""
_GRACE_S = 5.0


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


def check_choices(workspace: Workspace, choices: Choices) -> None:
    """Refuse choices that are not valid, before the run waits for anything.

    Raises:
        InputError: a target is no stage, or there is no DVC remote to pull from or push to.
        ParamsError: the params are not valid.
    """
    text = choose_params(workspace, choices.profile, choices.overrides)
    if choices.pull or choices.push:
        with _asking_dvc(workspace.root) as dvc:
            require_remote(dvc)
    if choices.targets:
        text = text or workspace.params_path.read_text(encoding="utf-8")
        # Another run may have its params in use here: DVC is asked in a folder apart.
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / ".dvc").mkdir()
            (folder / ".dvc" / "config").write_text("[core]\nno_scm = true\n", encoding="utf-8")
            (folder / "params.yaml").write_text(text, encoding="utf-8")
            shutil.copy2(workspace.root / "dvc.yaml", folder)
            with _asking_dvc(folder) as dvc:
                read_graph(dvc).select(choices.targets)


@contextmanager
def _asking_dvc(root: Path) -> Iterator[Dvc]:
    with Commands(root, grace_s=_GRACE_S) as commands, Dvc(commands) as dvc:
        yield dvc


@contextmanager
def limiting_run(commands: Commands, timeout_s: float | None) -> Iterator[None]:
    """Let the body take so long at most: then all of its commands are ended.

    Raises:
        ToolError: it took longer; the error names what was at work.
    """
    hung: list[str] = []

    def end() -> None:
        hung.extend(commands.at_work)
        commands.stop()

    with limiting_time(timeout_s, end) as is_over:
        try:
            yield
        except LienetError:
            if not is_over.is_set():
                raise
    if is_over.is_set():
        raise ToolError(
            f"the run was ended after {timeout_s:g} s (params: flows.timeouts_s);"
            f" at work was: {', '.join(hung) or 'nothing'}"
        )


@contextmanager
def open_session(workspace: Workspace, choices: Choices) -> Iterator[Session]:
    """Check the choices, wait for the workspace, and put the run's params to use.

    Raises:
        InUseError: another run has the workspace, and params say to skip.
        InputError, ParamsError: the choices are not valid; nothing was touched or waited for.
    """
    logger = get_run_logger()
    flow_run_id = flow_run.get_id()
    run_id = flow_run_id or f"local-{os.getpid()}"
    waiting = Waiting(UUID(flow_run_id) if flow_run_id else None)
    flows = load_params(workspace.params_path).flows
    check_choices(workspace, choices)

    def note_wait(holder: str) -> None:
        logger.info("waiting: the workspace is in use by flow run %s", holder)
        waiting.begin(holder)

    with (
        ending_with_the_worker(),
        noting_run(workspace, run_id),
        holding_workspace(
            workspace,
            run_id,
            waits=flows.overlap == "wait",
            on_wait=note_wait,
        ) as lock_fd,
        using_params(workspace, None),  # what a killed run left is put back before it is read
        using_params(workspace, choose_params(workspace, choices.profile, choices.overrides)),
    ):
        waiting.end()
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
            limiting_run(commands, params.flows.timeouts_s.get(RUN)),
        ):
            yield Session(workspace, params, text, commands, dvc)
