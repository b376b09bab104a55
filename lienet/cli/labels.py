"""The verb of Open Images' labels on the command line.

As in :mod:`lienet.cli`, imports stay inside the verb.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

_MOST_SHOWN = 30


def add_verbs(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(labels)


def labels(
    words: Annotated[list[str], typer.Argument(help="A label's name, or a part of it.")],
    json_: Annotated[bool, typer.Option("--json", help="Print all, as one JSON object.")] = False,
) -> None:
    """Find the machine ids of Open Images' labels, which params name, by the labels' names."""
    from lienet.catalogues.open_images_words import find_labels, find_lists
    from lienet.text_tables import draw_table, print_tables
    from lienet.workspace import Workspace

    lists_url, depot = find_lists(Workspace.find(Path.cwd()))
    found = find_labels(" ".join(words), lists_url, depot)
    if json_:
        typer.echo(json.dumps(dict(found), indent=2, ensure_ascii=False))
        return
    print_tables(draw_table(["machine id", "name"], found[:_MOST_SHOWN]))
    if len(found) > _MOST_SHOWN:
        typer.echo(f"and {len(found) - _MOST_SHOWN} more; --json prints all")
