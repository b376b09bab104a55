"""The verbs of the stages on the command line, one for each; an item of a stage, or all of them.

As in :mod:`lienet.cli`, imports stay inside the verbs.
"""

from __future__ import annotations

import os
import time
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from lienet.errors import InputError

Item = Annotated[
    str | None, typer.Argument(help="One item of the stage; every item when left out.")
]


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (code, download, filter_, synthesize, train, export, evaluate, time_):
        app.command(verb.__name__.rstrip("_"))(verb)


def run_stage(stage: str, item: str | None) -> None:
    """Run one item of a stage, or all; what changes meanwhile is refused at the end.

    Raises:
        InputError: there is no such item, or what the stage reads has changed while it ran.
    """
    from lienet.cli.stage_inputs import (
        find_code_changes,
        read_inputs,
        refuse_changes,
        refuse_outdated_params,
    )
    from lienet.durations import noting_duration
    from lienet.params import load_params
    from lienet.workspace import Workspace

    workspace = Workspace.find(Path.cwd())
    is_by_dvc = "DVC_STAGE" in os.environ
    if is_by_dvc:
        workspace.refuse_linked_data()
    params = load_params(workspace.params_path)
    module = import_module(f"lienet.stages.{stage}")
    items: list[str] = module.list_items(params)
    if item is not None and item not in items:
        raise InputError(
            f"{stage} has the items {', '.join(items)}", got=item, remedy="see params.yaml"
        )
    for place, chosen in enumerate([item] if item is not None else items):
        started, before = time.time(), read_inputs(workspace, stage, chosen)
        if is_by_dvc:
            refuse_outdated_params(workspace, before, stage, chosen)
        with noting_duration(workspace, stage, chosen, starts_process=place == 0):
            module.run(params, workspace, chosen)
        changed = find_code_changes(workspace, stage, since=started)
        refuse_changes(before, read_inputs(workspace, stage, chosen), changed, stage)


def code(plugin: Item = None) -> None:
    """Write the fingerprint of each stage's code, or the hash of one plugin file."""
    run_stage("code", plugin or "code")


def download(source: Item = None) -> None:
    """Fetch a source's photographs and list them in a manifest, or the weights of vgg19."""
    run_stage("download", source)


def filter_(source: Item = None) -> None:
    """Keep out photographs with faces or name tags."""
    run_stage("filter", source)


def synthesize(task: Item = None) -> None:
    """Make degraded and reference pairs, as webdataset shards."""
    run_stage("synthesize", task)


def train(model: Item = None) -> None:
    """Train a model, or take up where a killed run stopped."""
    run_stage("train", model)


def export(model: Item = None) -> None:
    """Export a model to ONNX and check its parity."""
    run_stage("export", model)


def evaluate(
    model: Item = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--model", "--onnx", help="Measure this ONNX file instead of a trained model."
        ),
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="The file's task, where the file does not say.")
    ] = None,
    scale: Annotated[
        int | None, typer.Option(help="The scale that the file should have, per side.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the file's results as JSON.")
    ] = None,
) -> None:
    """Measure a model on the test shards under every protocol of its scale."""
    if file is None:
        run_stage("evaluate", model)
        return
    from lienet.params import load_params
    from lienet.workspace import Workspace

    if model is not None:
        raise InputError("evaluate takes a model's name or a file, not both", got=model)
    workspace = Workspace.find(Path.cwd())
    params = load_params(workspace.params_path)
    from lienet.evaluation.own_networks import measure_onnx
    from lienet.files import write_json
    from lienet.report.console import draw_results
    from lienet.text_tables import print_tables

    metrics, results = measure_onnx(params, workspace, file, task=task, scale=scale)
    print_tables(draw_results(results))
    if metrics["latency_ms"] is not None:
        typer.echo(f"latency {metrics['latency_ms']:.1f} ms on one thread")
    if output is not None:
        write_json(output, metrics)


def time_(task: Item = None) -> None:
    """Time every network and method of a task in turn, in each format; leave the machine idle."""
    run_stage("time", task)
