"""The verbs of degradations on the command line: degrade, observe.

As in :mod:`lienet.cli`, imports stay inside the verbs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (degrade, observe):
        app.command()(verb)


def degrade(
    image: Annotated[Path, typer.Argument(help="A photograph.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A .jpg keeps the very bytes; a .png is decoded.")
    ],
    task: Annotated[str, typer.Option(help="The task whose degradation is applied.")] = "sr",
    scale: Annotated[
        int | None,
        typer.Option(min=2, help="For tasks that enlarge; the largest scale if left out."),
    ] = None,
    strength: Annotated[
        float | None,
        typer.Option(help="For old photographs, 0 to 1; drawn by name if left out."),
    ] = None,
) -> None:
    """Degrade one photograph as the training data are, to see what a network is given."""
    from lienet.degradations.single_photograph import degrade_file, find_params

    params = find_params(Path.cwd())
    degrade_file(image, output, task=task, scale=scale, strength=strength, params=params)


def observe(
    folder: Annotated[Path, typer.Argument(help="A folder of real old photographs.")],
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure old photographs, and print the ranges of old_photo that would make their like."""
    from lienet.degradations.observe import (
        fit_ranges,
        format_json,
        format_section,
        format_table,
        observe_files,
    )
    from lienet.screening.image_files import list_images
    from lienet.text_tables import print_tables

    observed = observe_files(list_images([folder]))
    ranges = fit_ranges(list(observed.values()))
    if json_:
        typer.echo(format_json(observed, ranges))
        return
    note = "shares of white; noise ratio: 0.5 is white, more is correlated"
    print_tables(format_table(observed), note)
    typer.echo(format_section(ranges))
