"""Table 1 for a terminal or a log: rich tables of what matters most, never cut short."""

from __future__ import annotations

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lienet.evaluation.scores import Results
from lienet.params import Params, metrics
from lienet.report import tables
from lienet.report.evaluations import read_evaluations
from lienet.report.number_format import ABSENT, count_noun
from lienet.report.summaries import Cell, describe_group
from lienet.report.table_columns import Column, columns_of
from lienet.workspace import Workspace

LOG_WIDTH = 160
_PSNR_GAIN = 2


def make_console() -> Console:
    """Return a console on stdout that is wide enough for Table 1 where nobody's window is."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=LOG_WIDTH)
    return console


def render_console(params: Params, workspace: Workspace) -> RenderableType:
    """Return Table 1 under the figures' protocol of each task and the nearest one.

    Raises:
        DataError: a model has not been evaluated.
    """
    measured = tables.group_rows(params, read_evaluations(params, workspace))
    groups = [group.without_ablations for group in measured]
    nearest = tables.find_nearest(groups)
    parts: list[RenderableType] = []
    for group in groups:
        is_chosen = group.protocol in params.report.figure_protocols.values()
        is_shown = is_chosen and group.has_networks
        if is_shown or group is nearest:
            parts.append(_draw_group(params, group, is_nearest=group is nearest))
    return Padding(Group(*parts), (1, 0))


def tabulate_results(results: Results) -> Table:
    """Return a table of one method's results: a line for each protocol and test set."""
    names = {
        name: metrics.get(name)
        for sets in results.values()
        for result in sets.values()
        for name in result.means
    }
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("protocol", "test set", "images"):
        table.add_column(title, justify="right" if title == "images" else "left")
    for metric in names.values():
        table.add_column(metric.title, justify="right")
        table.add_column("gain", justify="right")
    for protocol, sets in results.items():
        for test_set, result in sets.items():
            cells = [protocol, test_set, str(result.num_images)]
            for name, metric in names.items():
                mean, gain = result.means.get(name), result.gains.get(name)
                cells.append(ABSENT if mean is None else f"{mean:.{metric.decimals}f}")
                cells.append(ABSENT if gain is None else f"{gain.mean:+.{metric.decimals}f}")
            table.add_row(*cells)
    return table


def locate_page(workspace: Workspace) -> str:
    """Say where the report page is, as a path and as the address a browser opens."""
    page = (workspace.reports_dir / "index.html").resolve()
    return f"Report page: {page}\nTo open it:  {page.as_uri()}"


def _draw_group(params: Params, group: tables.Group, *, is_nearest: bool) -> Table:
    mark = ", whose bicubic row lies nearest the paper's" if is_nearest else ""
    images = count_noun(group.num_images, "image")
    table = Table(
        title=f"Table 1: {group.protocol} on {group.test_set} ({images}){mark}",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    every = columns_of(params, group.task)
    columns = [column for column in every if not column.is_minor]
    for place, column in enumerate(columns):
        title = _shorten(column.title) if _is_short(column, place) else column.title
        table.add_column(title, justify="right" if place else "left")
    for row, line in zip(group.rows, describe_group(params, group), strict=True):
        cells = [cell for cell, column in zip(line, every, strict=True) if not column.is_minor]
        texts = [
            Text(_shorten(cell.text) if _is_short(column, place) else cell.text, _style(cell))
            for place, (column, cell) in enumerate(zip(columns, cells, strict=True))
        ]
        table.add_row(*texts, style="cyan" if row.is_ours else "")
    return table


def _is_short(column: Column, place: int) -> bool:
    """Say whether a column goes without what stands in brackets; PSNR's gain alone keeps it."""
    return column.kind != "paper" and place > _PSNR_GAIN


def _shorten(text: str) -> str:
    """Leave out what table1.md shows in brackets, so that a line fits a wide terminal."""
    return text.partition(" [")[0].partition(" (")[0]


def _style(cell: Cell) -> str:
    return "bold" if cell.is_best else ""
