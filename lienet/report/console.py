"""Table 1 for a terminal or a log: rich tables of what matters most, never cut short."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from lienet.evaluation.scores import Results
from lienet.params import Params, metrics
from lienet.report import tables
from lienet.report.evaluations import read_evaluations, read_per_image
from lienet.report.format_tables import read_all_costs
from lienet.report.number_format import ABSENT, count_noun
from lienet.report.seeds import merge_seeds
from lienet.report.summaries import describe_group
from lienet.report.table_columns import columns_of
from lienet.text_tables import draw_table
from lienet.workspace import Workspace


def draw_table1(params: Params, workspace: Workspace) -> Iterator[RenderableType]:
    """Yield Table 1 under the figures' protocol of each task.

    Raises:
        DataError: a model has not been evaluated.
    """
    evaluations = read_evaluations(params, workspace)
    measured = tables.group_rows(params, evaluations, read_all_costs(params, workspace))
    merged = merge_seeds(params, measured, read_per_image(workspace, evaluations))
    groups = [group.without_ablations for group in merged]
    for group in groups:
        is_chosen = group.protocol in params.report.figure_protocols.values()
        if is_chosen and group.has_table:
            images = count_noun(group.num_images, "image")
            said = f"\nTable 1: {group.protocol} on {group.test_set} ({images})"
            yield Text(said, style="bold")
            yield _draw_group(params, group)


def draw_results(results: Results) -> Table:
    """Return a table of one method's results: a line for each protocol and test set."""
    rows = [(protocol, *row) for protocol, sets in results.items() for row in sets.items()]
    names = list(dict.fromkeys(name for *_, result in rows for name in result.means))
    shown = {name: metrics.get(name) for name in names}
    titles = ["protocol", "test set", "images"]
    lines = [[protocol, test_set, str(result.num_images)] for protocol, test_set, result in rows]
    for name, metric in shown.items():
        titles += [metric.title, "gain"]
        for line, (*_, result) in zip(lines, rows, strict=True):
            mean, gain = result.means.get(name), result.gains.get(name)
            line.append(ABSENT if mean is None else f"{mean:.{metric.decimals}f}")
            line.append(ABSENT if gain is None else f"{gain.mean:+.{metric.decimals}f}")
    return draw_table(titles, lines, numbers=range(2, len(titles)))


def locate_page(workspace: Workspace) -> str:
    """Say where the report page is, as a path and as the address a browser opens."""
    page = (workspace.reports_dir / "index.html").resolve()
    return f"Report page: {page}\nTo open it:  {page.as_uri()}"


def _draw_group(params: Params, group: tables.Group) -> Table:
    """Return a group's table, less its minor columns and what is less than needed in brackets."""
    every = columns_of(params, group)
    shown = [place for place, column in enumerate(every) if not column.is_minor]
    # PSNR's gain alone keeps its interval, and the paper's figures keep their gain.
    first_gain = next(place for place, column in enumerate(every) if column.kind == "gain")
    short = {place for place in shown if place > first_gain and every[place].kind != "paper"}

    def shorten(text: str, place: int) -> str:
        return text.partition(" [")[0].partition(" (")[0] if place in short else text

    rows = [
        [
            Text(
                shorten(cells[place].text, place),
                ("bold " if cells[place].is_best else "") + ("cyan" if row.is_ours else ""),
            )
            for place in shown
        ]
        for row, cells in zip(group.rows, describe_group(params, group), strict=True)
    ]
    titles = [shorten(every[place].title, place) for place in shown]
    return draw_table(titles, rows, numbers=range(1, len(titles)))
