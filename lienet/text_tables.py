"""Tables of text: drawn by rich in a terminal or a pipe, and written as Markdown."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

PIPE_WIDTH_CHARS = 10_000
"""Of what is not shown in anybody's window: enough for every column."""


def draw_table(
    titles: Sequence[str], rows: Sequence[Sequence[str | Text]], *, numbers: Collection[int] = ()
) -> Table:
    """Return a table for :func:`print_tables`; text is shown as it is, brackets and all.

    Args:
        titles: heads of the columns.
        rows: a cell for each column; a :class:`rich.text.Text` has its own style.
        numbers: places of the columns that stand to the right.
    """
    table = Table(box=None, pad_edge=False)
    for place, head in enumerate(titles):
        table.add_column(
            Text(head), justify="right" if place in numbers else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return table


def print_tables(*parts: RenderableType) -> None:
    """Print tables, and lines between them, on stdout.

    A terminal folds what is wider than its window; elsewhere nothing is cut, nor coloured.
    """
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH_CHARS
    for part in parts:
        console.print(part)


def to_markdown(
    titles: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Collection[int] = ()
) -> str:
    """Return a Markdown table, the columns at ``numbers`` to the right.

    Cells are not padded: one longer cell would change every line of a file under version control.
    """
    rule = ["--:" if place in numbers else ":--" for place in range(len(titles))]
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (titles, *rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (cells[0], rule, *cells[1:]))
