"""The ``lienet`` command: one verb for each stage, and tools for a person's own images.

Imports stay inside the verbs, so that help is instant and no stage loads what it does not use.
"""

from __future__ import annotations

import json
import logging
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal

import typer

from lienet.cli import degradations, registry
from lienet.cli.extras import explain_missing_package
from lienet.errors import InputError, LienetError

app = typer.Typer(
    name="lienet",
    help="Train, compare and export lightweight image-enhancement networks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Item = Annotated[
    str | None, typer.Argument(help="One item of the stage; every item when left out.")
]


def main() -> None:
    """Run the command line; an expected error is one line on stderr and exit code 1."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        app()
    except LienetError as error:
        sys.stderr.write(f"lienet: {error}\n")
        raise SystemExit(1) from None
    except ModuleNotFoundError as error:
        if (said := explain_missing_package(error)) is None:
            raise
        sys.stderr.write(f"lienet: {said}\n")
        raise SystemExit(1) from None


def _run_stage(stage: str, item: str | None) -> None:
    from lienet.params import load_params
    from lienet.workspace import Workspace

    workspace = Workspace.find(Path.cwd())
    params = load_params(workspace.params_path)
    module = import_module(f"lienet.stages.{stage}")
    items: list[str] = module.list_items(params)
    if item is not None and item not in items:
        raise InputError(
            f"{stage} has the items {', '.join(items)}", got=item, remedy="see params.yaml"
        )
    for chosen in [item] if item is not None else items:
        module.run(params, workspace, chosen)


@app.command()
def code(plugin: Item = None) -> None:
    """Write the fingerprint of each stage's code, or the hash of one plugin file."""
    _run_stage("code", plugin or "code")


@app.command()
def download(source: Item = None) -> None:
    """Fetch a source's photographs and list them in a manifest, or the weights of vgg19."""
    _run_stage("download", source)


@app.command("filter")
def filter_(source: Item = None) -> None:
    """Keep out photographs with faces or name tags."""
    _run_stage("filter", source)


@app.command()
def synthesize(task: Item = None) -> None:
    """Make degraded and reference pairs, as webdataset shards."""
    _run_stage("synthesize", task)


@app.command()
def train(model: Item = None) -> None:
    """Train a model, or take up where a killed run stopped."""
    _run_stage("train", model)


@app.command()
def export(model: Item = None) -> None:
    """Export a model to ONNX and check its parity."""
    _run_stage("export", model)


@app.command()
def evaluate(
    model: Item = None,
    onnx: Annotated[
        Path | None, typer.Option(help="Measure this ONNX file instead of a trained model.")
    ] = None,
    task: Annotated[str, typer.Option(help="The ONNX file's task.")] = "sr",
    scale: Annotated[int, typer.Option(help="The ONNX file's scale, per side.")] = 4,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the ONNX file's results as JSON.")
    ] = None,
) -> None:
    """Measure a model on the test shards under every protocol of its scale."""
    if onnx is None:
        _run_stage("evaluate", model)
        return
    from lienet.params import load_params
    from lienet.workspace import Workspace

    if model is not None:
        raise InputError("evaluate takes a model or --onnx, not both", got=model)
    workspace = Workspace.find(Path.cwd())
    params = load_params(workspace.params_path)
    from lienet.evaluation.measuring import measure_onnx
    from lienet.files import write_json
    from lienet.report.console import draw_results
    from lienet.text_tables import print_tables

    metrics, results = measure_onnx(params, workspace, onnx, task=task, scale=scale)
    print_tables(draw_results(results))
    typer.echo(f"latency {metrics['latency_ms']:.1f} ms on one thread")
    if output is not None:
        write_json(output, metrics)


@app.command()
def inspect(
    images: Annotated[list[Path], typer.Argument(help="Images, or folders of them.")],
    json_: Annotated[bool, typer.Option("--json", help="Print a list of JSON objects.")] = False,
) -> None:
    """Look for faces and legible text, and say whether the filter would keep each image."""
    from lienet.screening.detection import find_local_detection
    from lienet.screening.image_files import list_images
    from lienet.screening.inspector import open_inspector
    from lienet.screening.verdict import format_table, to_plain
    from lienet.text_tables import print_tables

    listed = list_images(images)
    inspector = open_inspector(find_local_detection(Path.cwd()))
    inspected = [(path, inspector.inspect_file(path)) for path in listed]
    if json_:
        typer.echo(json.dumps([to_plain(path, verdict) for path, verdict in inspected], indent=2))
        return
    num_kept = sum(verdict.word == "keep" for _, verdict in inspected)
    print_tables(
        format_table(inspected), f"{num_kept} of {len(inspected)} kept, by {inspector.name}"
    )


@app.command()
def score(
    reference: Annotated[Path, typer.Argument(help="The reference image, or a folder of them.")],
    distorted: Annotated[
        Path, typer.Argument(help="The image to judge, or a folder with the same names.")
    ],
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    colour: Annotated[
        Literal["rgb", "luma"], typer.Option(help="Of PSNR and SSIM; luma in BT.601 studio range.")
    ] = "rgb",
    border: Annotated[
        int, typer.Option(min=0, help="Pixels cropped from each side for PSNR and SSIM.")
    ] = 0,
    vmaf: Annotated[
        bool | None,
        typer.Option(help="Measure VMAF too, of the whole image; left out where no ffmpeg is."),
    ] = None,
) -> None:
    """Measure PSNR, SSIM and VMAF of an image, or a folder of images, against a reference.

    Folders are paired by file name without extension.

    Identical images score 100 dB (a stated ceiling), 1 and 97.43.
    """
    from lienet.evaluation import comparison
    from lienet.evaluation.vmaf import is_installed
    from lienet.text_tables import print_tables

    if vmaf is None:
        vmaf = is_installed()
        if not vmaf:
            typer.echo("VMAF is left out: pip install 'lienet[train]' brings its ffmpeg", err=True)
    pairs = comparison.pair_files(reference, distorted)
    scores = comparison.score_pairs(pairs, colour=colour, border_px=border, with_vmaf=vmaf)
    is_folder = reference.is_dir()
    if json_:
        shown = comparison.scores_as_json(
            scores, colour=colour, border_px=border, is_folder=is_folder
        )
        typer.echo(json.dumps(shown, indent=2, allow_nan=False))
    else:
        print_tables(comparison.draw_scores(scores))


@app.command()
def report(
    show: Annotated[
        bool, typer.Option("--show", help="Print Table 1 alone; draw nothing anew.")
    ] = False,
) -> None:
    """Draw Table 1, the figures and the page."""
    if not show:
        _run_stage("report", None)
    from lienet.params import load_params
    from lienet.report.console import draw_table1, locate_page
    from lienet.text_tables import print_tables
    from lienet.workspace import Workspace

    workspace = Workspace.find(Path.cwd())
    print_tables(*draw_table1(load_params(workspace.params_path), workspace))
    typer.echo(locate_page(workspace))


@app.command()
def models(
    json_: Annotated[bool, typer.Option("--json", help="Print a list of JSON objects.")] = False,
) -> None:
    """List the models in params.yaml with parameters, and multiply-adds for an output size."""
    from dataclasses import asdict

    from lienet.evaluation.costs import draw_costs, list_costs
    from lienet.params import load_params
    from lienet.text_tables import print_tables
    from lienet.workspace import Workspace

    costs = list_costs(load_params(Workspace.find(Path.cwd()).params_path))
    if json_:
        typer.echo(json.dumps([asdict(cost) for cost in costs], indent=2))
    else:
        print_tables(draw_costs(costs))


registry.add_verbs(app)
degradations.add_verbs(app)
profile_app = typer.Typer(help="Ready-made sets of params.", no_args_is_help=True)
app.add_typer(profile_app, name="profile")


@profile_app.command("list")
def profile_list() -> None:
    """List the profiles; an asterisk marks the one in use."""
    from lienet.params.profiles import find_active, read_profiles
    from lienet.workspace import Workspace

    workspace = Workspace.find(Path.cwd())
    profiles = read_profiles(workspace)
    active = find_active(workspace, profiles)
    for profile in profiles:
        data = "  (needs --data DIR)" if profile.needs_data else ""
        typer.echo(f"{'*' if profile is active else ' '} {profile.name:8} {profile.summary}{data}")
    if active is None:
        typer.echo("params.yaml holds choices that are in no profile")


@profile_app.command("use")
def profile_use(
    name: Annotated[str, typer.Argument(help="The profile, as `profile list` names it.")],
    data: Annotated[
        Path | None, typer.Option(help="The folder of photographs, for profiles that need one.")
    ] = None,
    force: Annotated[
        bool, typer.Option(help="Replace an edited params.yaml, kept as params.yaml.bak.")
    ] = False,
) -> None:
    """Copy a profile over params.yaml."""
    from lienet.params.profiles import use_profile
    from lienet.workspace import Workspace

    kept = use_profile(Workspace.find(Path.cwd()), name, data_dir=data, is_forced=force)
    if kept is not None:
        typer.echo(f"the former params.yaml is kept as {kept.name}")
    typer.echo(f"params.yaml is now the profile {name}; `dvc repro` runs it")
