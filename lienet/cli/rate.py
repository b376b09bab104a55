"""The verb for pictures that people compare blind: rate.

As in :mod:`lienet.cli`, imports stay inside the verb.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_verbs(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(rate)


def rate(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="A folder with a folder of pictures for each method; with --summary, the files "
            "of answers that people saved.",
            metavar="DIR | ANSWERS…",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A new folder, or one with an earlier page; the key lies beside."
        ),
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="A folder of undegraded pictures, shown beside each pair.")
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option("--method", help="Compare this folder's; may be repeated. All if left out."),
    ] = None,
    pairs: Annotated[
        int | None, typer.Option(min=1, help="How many; about 60 if left out.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of sides, order and names.")] = 0,
    summary: Annotated[
        bool, typer.Option("--summary", help="Say what people answered; needs --key.")
    ] = False,
    key: Annotated[Path | None, typer.Option(help="The file that lies beside the page.")] = None,
    json_: Annotated[
        bool, typer.Option("--json", help="Print the summary as one JSON object.")
    ] = False,
) -> None:
    """Write a page on which people compare methods' pictures blind, and sum up their answers.

    The page opens as a file, without a server or a network. Each person rates pairs, saves a CSV
    file and sends it back; `lienet rate --summary *.csv --key KEY` makes scores of them.
    """
    from lienet.errors import InputError

    if summary:
        if key is None:
            raise InputError("--summary needs --key", remedy="name the file beside the page")
        _summarise(paths, key, is_json=json_)
        return
    if output is None or len(paths) != 1:
        raise InputError("rate takes one folder, and -o for the page", remedy="see --help")
    from lienet.rating.building import write_rating_page
    from lienet.rating.pictures import find_versions

    versions = find_versions(paths[0], reference, only=method or ())
    built = write_rating_page(output, versions, num_pairs=pairs, seed=seed)
    typer.echo(
        f"{output / 'index.html'}: {built.num_pairs} pairs of {', '.join(versions.methods)}; "
        f"keep {built.key_path} to yourself"
    )


def _summarise(paths: list[Path], key_path: Path, *, is_json: bool) -> None:
    import json

    from lienet.rating.answers import read_answers, read_key
    from lienet.rating.summary import draw_summary, summarise, summary_as_json
    from lienet.text_tables import print_tables

    key = read_key(key_path)
    found = summarise(key.methods, read_answers(paths, key))
    if is_json:
        typer.echo(json.dumps(summary_as_json(found), indent=2, allow_nan=False))
    else:
        print_tables(*draw_summary(found))
