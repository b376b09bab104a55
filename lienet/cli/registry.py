"""The verbs of MLflow on the command line: track, compare, promote, rollback.

As in :mod:`lienet.cli`, imports stay inside the verbs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (track, compare, promote, rollback):
        app.command()(verb)


def track(
    items: Annotated[
        list[str] | None,
        typer.Argument(help="Models, or methods that learn nothing; all when left out."),
    ] = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write each item's run as a list of objects.")
    ] = None,
) -> None:
    """Bring MLflow up to date with what was trained, exported and measured.

    The stages do so at their end. This makes up for it where MLflow was away, or where DVC took a
    stage's files from its cache. Doing it twice changes nothing.
    """
    from dataclasses import asdict

    from lienet.files import write_json
    from lienet.params import load_params
    from lienet.tracking.track import track_runs
    from lienet.workspace import Workspace

    workspace = Workspace.find(Path.cwd())
    runs = track_runs(load_params(workspace.params_path), workspace, items or ())
    if json_ is not None:
        write_json(json_, [asdict(run) for run in runs])
    updated = [run.item for run in runs if run.was_behind]
    typer.echo(f"MLflow is up to date; new to it: {', '.join(updated) or 'nothing'}")


def promote(
    model: Annotated[str, typer.Argument(help="A model, as params.yaml keys it: TASK-MODEL.")],
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write what came of it as one JSON object.")
    ] = None,
    without_gate: Annotated[
        bool, typer.Option("--without-gate", help="Promote whatever the gate says.")
    ] = False,
) -> None:
    """Register a measured model, and make it its task's champion if it is better.

    It is better if it gains over the champion on the same test images by an interval that excludes
    zero, is within the limits of params, and falls behind in nothing. Otherwise it is challenger.
    The exit code is 0 either way.
    """
    from dataclasses import asdict

    from lienet.files import write_json
    from lienet.params import load_params
    from lienet.promotion.steps import promote as run
    from lienet.workspace import Workspace

    workspace = Workspace.find(Path.cwd())
    params = load_params(workspace.params_path)
    outcome = run(params, workspace, model, is_by_hand=without_gate)
    if json_ is not None:
        write_json(json_, asdict(outcome))
    what = "is champion now" if outcome.promoted else "is not promoted"
    typer.echo(f"{model}: {outcome.version} {what}")
    for reason in outcome.reasons:
        typer.echo(f"  {reason}")
    if outcome.former_champion is not None and outcome.promoted:
        typer.echo(f"  it replaces {outcome.former_champion}")


def rollback(
    task: Annotated[str, typer.Argument(help="A task, such as sr.")],
) -> None:
    """Make a task's former champion champion again."""
    from lienet.errors import InputError
    from lienet.params import load_params
    from lienet.promotion.steps import roll_back
    from lienet.workspace import Workspace

    workspace = Workspace.find(Path.cwd())
    tasks = load_params(workspace.params_path).synthesize.tasks
    if task not in tasks:
        raise InputError(f"the tasks are {', '.join(tasks)}", got=task)
    former, present = roll_back(workspace, task)
    typer.echo(f"{former.label} ({former.model}) is champion again, in place of {present.label}")


def compare(
    task: Annotated[str | None, typer.Option(help="One task; every task if left out.")] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="Show this metric, and sort by the first; may be repeated."),
    ] = None,
    tracking_uri: Annotated[
        str | None, typer.Option(help="The store; MLFLOW_TRACKING_URI, or this workspace's.")
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Every run, not only each model's latest.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print a list of JSON objects.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Write the table as CSV.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the table as Markdown.")] = None,
) -> None:
    """Print the tracked models as Table 1, from any MLflow store."""
    from lienet.degradations.single_photograph import find_params
    from lienet.errors import InputError
    from lienet.files import write_text
    from lienet.params import degradations
    from lienet.text_tables import print_tables
    from lienet.tracking import table

    params = find_params(Path.cwd())
    tasks = list(params.synthesize.tasks) if params is not None else degradations.names()
    if task is not None and task not in tasks:
        raise InputError(f"the tasks are {', '.join(tasks)}", got=task)
    found = table.read_table(
        Path.cwd(),
        uri=tracking_uri,
        tasks=tasks if task is None else [task],
        metrics=metric or (),
        is_all=all_,
    )
    if json_:
        typer.echo(table.to_json(found))
    else:
        print_tables(table.make_table(found))
    if csv is not None:
        write_text(csv, table.to_csv(found))
    if markdown is not None:
        write_text(markdown, table.to_markdown(found))
