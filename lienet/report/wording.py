"""Numbers and findings as words: what a cell says, which is best, and one honest summary.

Markdown, console and page all show these very strings, so that no two of them can disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lienet.params import Params
from lienet.report.paper import PAPER_STEPS, PAPER_TABLE1, paper_gain
from lienet.report.tables import MIN_IMAGES_TO_JUDGE, Group, Interval, Pair, Row, judge

ABSENT = "–"


@dataclass(frozen=True)
class Cell:
    """The text of one table cell, and whether it is the best of its column."""

    text: str
    is_best: bool = False


def column_titles(params: Params) -> list[str]:
    """Return the heads of the columns that ``describe_row`` fills."""
    percent = format_percent(params.evaluate.bootstrap_confidence)
    return [
        "model",
        "PSNR dB",
        f"gain dB [{percent}]",
        "SSIM",
        f"gain [{percent}]",
        "VMAF",
        "parameters",
        "multiply-adds",
        "latency ms",
        "paper PSNR (gain)",
        "paper SSIM (gain)",
    ]


def describe_group(group: Group) -> list[list[Cell]]:
    """Return a group's table body; the best of each measured column is marked, ties included.

    Quality is best over every row; parameters, multiply-adds and latency over the networks alone,
    because bicubic has none to compare.
    """
    lines = [_describe_row(row) for row in group.rows]
    networks = {index for index, row in enumerate(group.rows) if not row.is_bicubic}
    best: dict[int, set[int]] = {}
    everyone = set(range(len(lines)))
    for column, candidates, largest in (
        (1, everyone, True),
        (3, everyone, True),
        (5, everyone, True),
        (6, networks, False),
        (7, networks, False),
        (8, networks, False),
    ):
        best[column] = _find_best(group, lines, column, candidates, largest=largest)
    best[2], best[4] = best[1] & networks, best[3] & networks
    if len(networks) < 2:
        best = {}
    return [
        [Cell(text, index in best.get(column, set())) for column, text in enumerate(line)]
        for index, line in enumerate(lines)
    ]


def describe_pair(pair: Pair) -> list[str]:
    """Return the cells of one line of the pairwise table."""
    return [
        f"{pair.ours} - {pair.other}",
        format_interval(pair.psnr_db, 3, pair.num_images),
        judge(pair.psnr_db, pair.num_images),
        format_interval(pair.ssim, 4, pair.num_images),
        judge(pair.ssim, pair.num_images),
    ]


def summarize(
    params: Params, groups: Sequence[Group], pairs: Sequence[Pair], nearest: Group | None
) -> list[str]:
    """Say in a few sentences what was done and found under the figures' protocol."""
    shown = [group for group in groups if group.protocol == params.report.figure_protocols["sr"]]
    steps = sorted({row.evaluation.steps for g in groups for row in g.rows if not row.is_bicubic})
    sentences = []
    if steps:
        said = f"{steps[0]:,}" if len(steps) == 1 else f"{steps[0]:,} to {steps[-1]:,}"
        sentences.append(
            f"Profile {params.profile}: every network was trained {said} steps by one procedure "
            f"(the paper trains {PAPER_STEPS:,})."
        )
    for group in shown:
        sentences += _describe_finding(group, [pair for pair in pairs if _is_of(pair, group)])
    if nearest is not None and nearest.bicubic is not None:
        sentences.append(_describe_nearest(nearest))
    return sentences


def name_row(row: Row) -> str:
    """Return the model's name, with "(ours)" behind the paper's network."""
    return f"{row.model} (ours)" if row.model == "lienet" else row.model


def format_percent(confidence: float) -> str:
    """Say a confidence of 0.95 as "95%"."""
    return f"{100 * confidence:g}%"


def format_interval(interval: Interval, decimals: int, num_images: int) -> str:
    """Say a difference with its interval, "+0.43 [+0.31, +0.55]"; one image has none."""
    said = f"{interval.mean:+.{decimals}f}"
    if num_images < 2:
        return said
    return f"{said} [{interval.low:+.{decimals}f}, {interval.high:+.{decimals}f}]"


def format_count(count: int | None) -> str:
    """Say a count in three or four digits with k, M, G or T; an unknown one as a dash."""
    if count is None:
        return ABSENT
    for unit, size in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size:
            value = count / size
            return f"{value:.2f} {unit}" if value < 10 else f"{value:.1f} {unit}"
    return str(count)


def count_noun(count: int, noun: str) -> str:
    """Say "1 image" or "24 images"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _describe_row(row: Row) -> list[str]:
    measured, evaluation = row.measured, row.evaluation
    gains = [
        format_interval(row.gain_psnr_db, 2, measured.num_images),
        format_interval(row.gain_ssim, 4, measured.num_images),
    ]
    if row.is_bicubic:
        gains = [ABSENT, ABSENT]
    return [
        name_row(row),
        f"{measured.psnr_db:.2f}",
        gains[0],
        f"{measured.ssim:.4f}",
        gains[1],
        ABSENT if measured.vmaf is None else f"{measured.vmaf:.2f}",
        format_count(evaluation.num_params),
        format_count(evaluation.num_macs),
        ABSENT if evaluation.latency_ms is None else f"{evaluation.latency_ms:.1f}",
        *_describe_paper(row),
    ]


def _describe_paper(row: Row) -> tuple[str, str]:
    paper, gain = PAPER_TABLE1.get(row.model), paper_gain(row.model)
    if paper is None or row.evaluation.task != "sr":
        return ABSENT, ABSENT
    if gain is None:
        return f"{paper.psnr_db:.2f}", f"{paper.ssim:.4f}"
    return (
        f"{paper.psnr_db:.2f} ({gain.psnr_db:+.2f})",
        f"{paper.ssim:.4f} ({gain.ssim:+.4f})",
    )


def _find_best(
    group: Group, lines: list[list[str]], column: int, candidates: set[int], *, largest: bool
) -> set[int]:
    values = {index: _value(group.rows[index], column) for index in candidates}
    known = {index: value for index, value in values.items() if value is not None}
    if not known:
        return set()
    champion = (max if largest else min)(known, key=lambda index: known[index])
    return {index for index in known if lines[index][column] == lines[champion][column]}


def _value(row: Row, column: int) -> float | None:
    return {
        1: row.measured.psnr_db,
        3: row.measured.ssim,
        5: row.measured.vmaf,
        6: row.evaluation.num_params,
        7: row.evaluation.num_macs,
        8: row.evaluation.latency_ms,
    }[column]


def _describe_finding(group: Group, pairs: Sequence[Pair]) -> list[str]:
    ours = group.ours
    rivals = [pair for pair in pairs if pair.other != "bicubic"]
    where = f"On {group.test_set} ({count_noun(group.num_images, 'image')}, {group.protocol})"
    if ours is None:
        return []
    gain = format_interval(ours.gain_psnr_db, 2, group.num_images)
    said = f"{where} {ours.model} gains {gain} dB over bicubic"
    if not rivals:
        return [said + "."]
    ahead = 1 + sum(pair.psnr_db.mean < 0 for pair in rivals)
    closest = min(rivals, key=lambda pair: pair.psnr_db.mean)
    count = len(rivals) + 1
    verdict = {
        "ahead": "its interval excludes zero",
        "behind": "its interval excludes zero",
        "undecided": "its interval holds zero, so the order is undecided",
        "too few images": f"too few images to tell (fewer than {MIN_IMAGES_TO_JUDGE})",
    }[judge(closest.psnr_db, closest.num_images)]
    return [
        f"{said} and stands {_ordinal(ahead)} of {count} networks in PSNR; against "
        f"{closest.other}, its strongest rival, the difference is "
        f"{format_interval(closest.psnr_db, 3, closest.num_images)} dB: {verdict}."
    ]


def _describe_nearest(nearest: Group) -> str:
    assert nearest.bicubic is not None
    said = (
        f"The paper does not say how it measured; the bicubic row nearest its own "
        f"({PAPER_TABLE1['bicubic'].psnr_db:.2f} dB) is that of {nearest.protocol} on "
        f"{nearest.test_set} ({nearest.bicubic.measured.psnr_db:.2f} dB)"
    )
    if not nearest.has_networks:
        said += ", a scale at which no network was trained here"
    return f"{said}. What compares across protocols is the gain over bicubic."


def _is_of(pair: Pair, group: Group) -> bool:
    where = (pair.task, pair.protocol, pair.test_set)
    return where == (group.task, group.protocol, group.test_set)


def _ordinal(place: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(place, f"{place}th")
