"""The ``lienet`` command: one verb for each stage, and tools for a person's own images.

Imports stay inside the verbs, so that help is instant and no stage loads what it does not use.
"""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import typer

from lienet.cli import degradations, enhance, labels, profiles, rate, registry, stages
from lienet.cli import web as web_verbs
from lienet.cli.extras import explain_missing_package
from lienet.errors import LienetError

app = typer.Typer(
    name="lienet",
    help="Train, compare and export lightweight image-enhancement networks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
enhance.add_verbs(app)
stages.add_verbs(app)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(f"lienet {version('lienet')}")
        raise typer.Exit


@app.callback()
def _take_options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version."
        ),
    ] = False,
) -> None:
    """Take what stands before the verb."""


def main() -> None:
    """Run the command line; an expected error is one line on stderr and exit code 1."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of files need not be text
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except (LienetError, ModuleNotFoundError, OSError) as error:
        if (said := _explain(error)) is None:
            raise
        sys.stderr.write(f"lienet: {said}\n")
        sys.stderr.flush()
        with suppress(OSError, ValueError):  # Python would try in vain to write what is left
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def _explain(error: Exception) -> str | None:
    """Return what an expected error says in one line; None for one that is a fault of ours."""
    if isinstance(error, ModuleNotFoundError):
        return explain_missing_package(error)
    if isinstance(error, OSError):
        is_known = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
        where = error.filename or "the output"
        return f"cannot write {where}: {error.strerror}; make room" if is_known else None
    return str(error)


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
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="Measure this too, of the whole image: niqe, say, or 'flip: {pixels_per_degree: "
            "30}' as in params; may be repeated."
        ),
    ] = None,
) -> None:
    """Measure PSNR, SSIM and VMAF of an image, or a folder of images, against a reference.

    Folders are paired by file name without extension.

    Identical images score 100 dB (a stated ceiling), 1 and 97.43. Files of 16 bits are compared
    as they are; VMAF and what --metric names see them rounded to 8.
    """
    from lienet.evaluation import comparison
    from lienet.evaluation.vmaf import is_installed
    from lienet.text_tables import print_tables
    from lienet.versions import how_to_install

    others = comparison.choose_metrics(metric or ())
    if vmaf is None:
        vmaf = is_installed()
        if not vmaf:
            typer.echo(f"VMAF is left out; {how_to_install('train')} brings its ffmpeg", err=True)
    pairs = comparison.pair_files(reference, distorted)
    scores = comparison.score_pairs(
        pairs, colour=colour, border_px=border, with_vmaf=vmaf, others=others
    )
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
        stages.run_stage("report", None)
    from lienet.durations import read_durations
    from lienet.params import load_params
    from lienet.report.console import draw_table1, locate_page
    from lienet.report.duration_tables import draw_durations
    from lienet.text_tables import print_tables
    from lienet.workspace import Workspace

    workspace = Workspace.find(Path.cwd())
    params = load_params(workspace.params_path)
    print_tables(*draw_table1(params, workspace))
    if durations := read_durations(workspace):
        print_tables("", draw_durations(durations))
    typer.echo(locate_page(workspace))


@app.command()
def models(
    json_: Annotated[bool, typer.Option("--json", help="Print a list of JSON objects.")] = False,
    weights: Annotated[
        bool, typer.Option(help="List the trained networks that come with lienet.")
    ] = False,
    draw: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Draw a model as a block diagram, from the network."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Of --draw; otherwise MODEL.svg.")
    ] = None,
) -> None:
    """List the models in params.yaml with parameters, and multiply-adds for an output size."""
    if weights:
        enhance.list_weights(is_json=json_)
        return
    from dataclasses import asdict

    from lienet.evaluation.costs import draw_costs, list_costs
    from lienet.params import load_params
    from lienet.text_tables import print_tables
    from lienet.workspace import Workspace

    params = load_params(Workspace.find(Path.cwd()).params_path)
    if draw is not None:
        from lienet.files import write_text
        from lienet.report.diagrams.svg import draw_model

        write_text(output or Path(f"{draw}.svg"), draw_model(params, draw))
        return
    costs = list_costs(params)
    if json_:
        typer.echo(json.dumps([asdict(cost) for cost in costs], indent=2))
    else:
        print_tables(draw_costs(costs))


for part in (degradations, labels, rate, registry, web_verbs, profiles):
    part.add_verbs(app)
