"""The verbs for people's own pictures and for the weights that do the work: enhance, release.

As in :mod:`lienet.cli`, imports stay inside the verbs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from lienet.enhancing.models import ChosenModel
    from lienet.enhancing.run import Outcome

_REGISTRY = "models:/"


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (enhance, release):
        app.command()(verb)


def enhance(
    inputs: Annotated[
        list[Path], typer.Argument(help="Pictures, folders of them, or patterns.", metavar="INPUT…")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A folder, or one file; beside each input if left out."
        ),
    ] = None,
    task: Annotated[str, typer.Option(help="sr enlarges; face and old_photo restore.")] = "sr",
    scale: Annotated[
        int | None, typer.Option(min=1, help="Per side; the largest there is if left out.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="A name of `lienet models --weights` or of this workspace, an ONNX file, or a "
            "registered model such as models:/lienet-sr@champion."
        ),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(min=128, help="Side of tiles in pixels; by free memory if left out."),
    ] = None,
    format_: Annotated[
        Literal["png", "jpg", "webp"] | None, typer.Option("--format", help="Of the outputs.")
    ] = None,
    suffix: Annotated[
        str | None, typer.Option(help="Put behind the name; such as _lienet_x4 if left out.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace outputs that are there.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Pictures side by side.")] = 1,
    compare: Annotated[
        str | None,
        typer.Option(help="One sheet of a single picture by all models, or by NAME,NAME."),
    ] = None,
) -> None:
    """Enhance pictures of any size by a trained network.

    Depth, transparency, colour profile and metadata are kept, and pictures are turned upright. What
    was made before is passed over. A picture that cannot be read is one line; the rest goes on, and
    the exit code is 1.
    """
    from lienet.enhancing.files import find_format, plan_jobs
    from lienet.enhancing.run import Choices, enhance_files
    from lienet.errors import InputError

    if compare is not None:
        _compare(
            inputs,
            output,
            compare,
            task=task,
            scale=scale,
            tile_px=tile,
            overwrites=overwrite,
        )
        return
    if suffix is not None and (not suffix or "/" in suffix):
        raise InputError("--suffix is a few letters, without a slash", got=repr(suffix))
    kind = find_format(output, format_)
    with _opening(model, task=task, scale=scale) as chosen:
        planned = plan_jobs(inputs, output, suffix=suffix or chosen.suffix, kind=kind)
        if chosen.notice is not None:
            typer.echo(f"{chosen.label}: {chosen.notice}", err=True)
        choices = Choices(kind, tile, overwrite, min(jobs, len(planned)))
        outcomes = enhance_files(planned, chosen, choices, _tell)
    if len(outcomes) > 1:
        typer.echo(_summarise(outcomes))
    if any(outcome.status == "failed" for outcome in outcomes):
        raise typer.Exit(1)


def release(
    model: Annotated[str, typer.Argument(help="A model, as params.yaml keys it: TASK-MODEL.")],
    to: Annotated[
        Path | None, typer.Option(help="The folder of weights; that of the package if left out.")
    ] = None,
) -> None:
    """Put a trained and measured model, with its card, among the weights that come with lienet."""
    from lienet.deployment.shipped_weights import SHIPPED_DIR
    from lienet.params import load_params
    from lienet.promotion.release import release as run
    from lienet.workspace import Workspace

    workspace = Workspace.find(Path.cwd())
    folder = to or SHIPPED_DIR
    card = run(load_params(workspace.params_path), workspace, model, folder=folder)
    typer.echo(f"{card.name} is in {folder}; {card.notice or card.use}")


def list_weights(*, is_json: bool) -> None:
    """Print the networks that come with lienet, each with its best known scores."""
    import json

    from lienet.deployment.shipped_weights import read_index, read_weights_card

    cards = [(entry, read_weights_card(entry)) for entry in read_index().weights]
    if is_json:
        typer.echo(json.dumps([card.model_dump(mode="json") for _, card in cards], indent=2))
        return
    if not cards:
        typer.echo("no weights come with this version of lienet; name an ONNX file with --model")
        return
    from lienet.text_tables import draw_table, print_tables

    rows = []
    for entry, card in cards:
        size = f"{entry.size_bytes / 1e3:.0f} kB"
        told = [entry.name, entry.task, f"x{entry.scale}", size, card.use.replace("_", " ")]
        for where, scores in card.list_scores() or [("", "not measured")]:
            rows.append([*told, where, scores])
            told = [""] * len(told)
    titles = ["name", "task", "scale", "size", "use", "measured on", "PSNR, SSIM, VMAF"]
    print_tables(draw_table(titles, rows, numbers=(3,)))


@contextmanager
def _opening(named: str | None, *, task: str, scale: int | None) -> Iterator[ChosenModel]:
    from lienet.enhancing.models import choose_model, open_file

    if named is None or not named.startswith(_REGISTRY):
        yield choose_model(named, task=task, scale=scale, start=Path.cwd())
        return
    from lienet.promotion.registered_files import fetch_registered
    from lienet.workspace import Workspace

    with TemporaryDirectory() as folder:
        path, label = fetch_registered(Workspace.find(Path.cwd()), named, Path(folder))
        yield open_file(path, task=task, scale=scale, label=label)


def _compare(
    inputs: list[Path],
    output: Path | None,
    named: str,
    *,
    task: str,
    scale: int | None,
    tile_px: int | None,
    overwrites: bool,
) -> None:
    from lienet.enhancing.files import plan_jobs
    from lienet.enhancing.models import choose_model, list_models
    from lienet.enhancing.sheet import compare_models, draw_sheet
    from lienet.errors import InputError
    from lienet.files import write_bytes
    from lienet.images import encode_png
    from lienet.pictures.decoding import decode_picture

    planned = plan_jobs(inputs, output, suffix="_compared", kind="png")
    if len(planned) != 1:
        raise InputError("--compare takes one picture", got=len(planned))
    target = planned[0].target
    if target.exists() and not overwrites:
        raise InputError(f"{target} is there already", remedy="take --overwrite, or another -o")
    here = Path.cwd()
    if named == "all":
        models = list_models(task=task, scale=scale, start=here)
    else:
        names = named.split(",")
        models = [choose_model(name, task=task, scale=scale, start=here) for name in names]
    picture = decode_picture(planned[0].source.read_bytes())
    sheet = draw_sheet(compare_models(picture.pixels, models, tile_px=tile_px))
    write_bytes(target, encode_png(sheet))
    typer.echo(f"{target} shows {', '.join(model.label for model in models)}")


def _tell(outcome: Outcome) -> None:
    is_failed = outcome.status == "failed"
    typer.echo(f"lienet: {outcome.describe()}" if is_failed else outcome.describe(), err=is_failed)


def _summarise(outcomes: list[Outcome]) -> str:
    done = [outcome for outcome in outcomes if outcome.status == "done"]
    num_skipped = sum(outcome.status == "skipped" for outcome in outcomes)
    line = f"{len(done)} enhanced, {num_skipped} there already"
    line += f", {len(outcomes) - len(done) - num_skipped} failed"
    if megapixels := sum(outcome.megapixels for outcome in done):
        seconds = sum(outcome.seconds for outcome in done)
        line += f"; {seconds / megapixels:.1f} s per megapixel"
    return line
