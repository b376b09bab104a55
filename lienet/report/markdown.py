"""Table 1 as ``reports/table1.md``: a table for each protocol and test set, and who is ahead."""

from __future__ import annotations

from collections.abc import Sequence

from lienet.params import Params
from lienet.report.number_format import count_noun
from lienet.report.paired_differences import Pair
from lienet.report.paper import PAPER_NUM_IMAGES, PAPER_SOURCE
from lienet.report.side_tables import Sheet
from lienet.report.summaries import (
    Cell,
    describe_bicubic,
    describe_group,
    describe_papers_bicubic,
    summarize,
)
from lienet.report.table_columns import columns_of
from lienet.report.tables import Group
from lienet.text_tables import to_markdown


def render_markdown(
    params: Params,
    groups: Sequence[Group],
    pairs: Sequence[Pair],
    sheets: Sequence[Sheet],
) -> str:
    """Return the whole of ``reports/table1.md``.

    Args:
        params: the active set.
        groups: what Table 1 shows, ablations left out.
        pairs: ours against every other row; the summary speaks of them.
        sheets: the tables that follow Table 1.
    """
    parts = ["# Table 1", " ".join(summarize(params, groups, pairs))]
    parts += _render_bicubic(groups)
    parts += _render_groups(params, groups)
    for sheet in sheets:
        parts += [f"## {sheet.title}", sheet.note]
        if sheet.lines:
            parts.append(_write_table(sheet.titles, sheet.lines, num_words=sheet.num_words))
    parts += [
        "## Reading it",
        f"The paper's figures: {PAPER_SOURCE}; {PAPER_NUM_IMAGES} images. Gains are on the same "
        "images, over bicubic in super-resolution and over the input itself in the tasks that keep "
        "an image's size; intervals are Student's t over images, and over seeds and images "
        "together where a row has several seeds (docs/statistics.md). `per_image.csv` holds what "
        "they are computed from. Best values are bold: quality over every row, cost over the "
        "networks.",
    ]
    return "\n\n".join(parts) + "\n"


def _render_bicubic(groups: Sequence[Group]) -> list[str]:
    rows = [
        [
            line["protocol"],
            f"{line['test_set']} ({line['num_images']})",
            *(line[name] for name in ("psnr", "psnr_to_paper", "ssim", "ssim_to_paper")),
        ]
        for line in describe_bicubic(groups)
    ]
    if not rows:
        return []
    titles = ["protocol", "test set (images)", "PSNR dB", "to paper", "SSIM", "to paper"]
    return [
        "## Bicubic under every protocol",
        describe_papers_bicubic(),
        to_markdown(titles, rows, numbers=range(2, 6)),
    ]


def _render_groups(params: Params, groups: Sequence[Group]) -> list[str]:
    parts = []
    for group in groups:
        if not group.has_table:
            continue
        images = count_noun(group.num_images, "image")
        parts.append(f"## {group.protocol} on {group.test_set} ({images})")
        titles = [column.title for column in columns_of(params, group)]
        parts.append(_write_table(titles, describe_group(params, group), num_words=1))
    return parts


def _write_table(titles: Sequence[str], lines: Sequence[Sequence[Cell]], *, num_words: int) -> str:
    rows = [[f"**{cell.text}**" if cell.is_best else cell.text for cell in line] for line in lines]
    return to_markdown(titles, rows, numbers=range(num_words, len(titles)))
