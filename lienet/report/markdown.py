"""Table 1 as ``reports/table1.md``: a table for each protocol and test set, and who is ahead."""

from __future__ import annotations

from collections.abc import Sequence

from lienet.params import Params
from lienet.report.paper import PAPER_NUM_IMAGES, PAPER_SOURCE, PAPER_TABLE1
from lienet.report.tables import MIN_IMAGES_TO_JUDGE, Group, Pair
from lienet.report.wording import (
    Cell,
    column_titles,
    count_noun,
    describe_group,
    describe_pair,
    format_percent,
    summarize,
)

NEAREST_MARK = "◆"


def render_markdown(
    params: Params, groups: Sequence[Group], pairs: Sequence[Pair], nearest: Group | None
) -> str:
    """Return the whole of ``reports/table1.md``."""
    parts = ["# Table 1", " ".join(summarize(params, groups, pairs, nearest))]
    parts += _render_bicubic(groups, nearest)
    parts += _render_groups(params, groups, nearest)
    parts += _render_pairs(params, pairs)
    parts += [
        "## Reading it",
        f"The paper's figures: {PAPER_SOURCE}; {PAPER_NUM_IMAGES} images. Gains are over bicubic "
        "on the same images; intervals come from a paired bootstrap over images. Best values are "
        "bold: quality over every row, cost over the networks.",
    ]
    return "\n\n".join(parts) + "\n"


def _render_bicubic(groups: Sequence[Group], nearest: Group | None) -> list[str]:
    paper = PAPER_TABLE1["bicubic"]
    lines = []
    for group in groups:
        if group.bicubic is None or group.task != "sr":
            continue
        measured = group.bicubic.measured
        mark = f" {NEAREST_MARK}" if group is nearest else ""
        lines.append(
            [
                Cell(f"{group.protocol}{mark}"),
                Cell(f"{group.test_set} ({group.num_images})"),
                Cell(f"{measured.psnr_db:.2f}"),
                Cell(f"{measured.psnr_db - paper.psnr_db:+.2f}"),
                Cell(f"{measured.ssim:.4f}"),
                Cell(f"{measured.ssim - paper.ssim:+.4f}"),
            ]
        )
    if not lines:
        return []
    titles = ["protocol", "test set (images)", "PSNR dB", "to paper", "SSIM", "to paper"]
    return [
        "## Bicubic under every protocol",
        f"{NEAREST_MARK} lies nearest the paper's bicubic row ({paper.psnr_db:.2f} dB, "
        f"{paper.ssim:.4f}): the smallest difference in PSNR, then in SSIM.",
        _draw_table(titles, lines, num_words=2),
    ]


def _render_groups(params: Params, groups: Sequence[Group], nearest: Group | None) -> list[str]:
    parts = []
    for group in groups:
        if not group.has_networks:
            continue
        mark = f" {NEAREST_MARK} nearest the paper's bicubic row" if group is nearest else ""
        images = count_noun(group.num_images, "image")
        parts.append(f"## {group.protocol} on {group.test_set} ({images}){mark}")
        parts.append(_draw_table(column_titles(params), describe_group(group), num_words=1))
    return parts


def _render_pairs(params: Params, pairs: Sequence[Pair]) -> list[str]:
    if not pairs:
        return []
    percent = format_percent(params.evaluate.bootstrap_confidence)
    titles = ["protocol", "test set (images)", "difference", f"PSNR dB [{percent}]", "in PSNR"]
    titles += [f"SSIM [{percent}]", "in SSIM"]
    lines = [
        [pair.protocol, f"{pair.test_set} ({pair.num_images})", *describe_pair(pair)]
        for pair in pairs
    ]
    return [
        "## Model against model",
        "Differences on the same images. Ahead or behind: the interval excludes zero, on at least "
        f"{MIN_IMAGES_TO_JUDGE} images.",
        _draw_table(titles, [[Cell(text) for text in line] for line in lines], num_words=3),
    ]


def _draw_table(titles: Sequence[str], lines: Sequence[Sequence[Cell]], *, num_words: int) -> str:
    rule = [":--" if column < num_words else "--:" for column in range(len(titles))]
    body = [[f"**{cell.text}**" if cell.is_best else cell.text for cell in line] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in [list(titles), rule, *body])
