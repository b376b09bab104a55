"""Table cells with the best of each column marked, and a summary in sentences.

Markdown, console and page all show these very strings, so that no two of them can disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lienet.params import Params
from lienet.report.number_format import (
    count_noun,
    format_interval,
    format_p_value,
    name_baseline,
    name_ordinal,
)
from lienet.report.paired_differences import MIN_IMAGES_TO_JUDGE, Pair, judge
from lienet.report.paper import PAPER_STEPS, PAPER_TABLE1
from lienet.report.table_columns import Column, columns_of
from lienet.report.tables import Group, Row

_PRICES = (
    ("psnr_db", 2, "dB in PSNR"),
    ("sharpness", 3, "in sharpness (shares of the reference's)"),
    ("vmaf", 2, "in VMAF"),
)
"""What a network that was trained with an adversary is asked for: metric, decimals, words."""


@dataclass(frozen=True)
class Cell:
    """The text of one table cell, whether it is the best of its column, and a verdict's name."""

    text: str
    is_best: bool = False
    verdict: str = ""


def describe_bicubic(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Return bicubic's scores wherever JPEG is enlarged, and how far the paper's are."""
    paper, lines = PAPER_TABLE1["bicubic"], []
    for group in groups:
        if group.baseline is None or not group.enlarges or not group.is_compressed:
            continue
        means = group.baseline.measured.means
        line = {
            "protocol": group.protocol,
            "test_set": group.test_set,
            "num_images": group.num_images,
            "psnr": f"{means['psnr_db']:.2f}",
            "psnr_to_paper": f"{means['psnr_db'] - paper.psnr_db:+.2f}",
            "ssim": f"{means['ssim']:.4f}",
            "ssim_to_paper": f"{means['ssim'] - paper.ssim:+.4f}",
        }
        lines.append(line)
    return lines


def describe_papers_bicubic() -> str:
    """Return the paper's bicubic row, and what may be read from its distance."""
    paper = PAPER_TABLE1["bicubic"]
    return (
        f"The paper's bicubic row is {paper.psnr_db:.2f} dB and {paper.ssim:.4f}, of DIV2K's "
        "validation photographs by a protocol that it does not tell. Other photographs are harder "
        "or easier, so a row near it says nothing of the protocol; what compares is the gain over "
        "bicubic."
    )


def describe_group(params: Params, group: Group) -> list[list[Cell]]:
    """Return a group's table body; the best of each measured column is marked, ties included.

    Quality is best over every row; parameters, multiply-adds and latency over the networks alone,
    because the others have none to compare.
    """
    columns = columns_of(params, group)
    lines = [[column.say(row) for column in columns] for row in group.rows]
    rivals = {index for index, row in enumerate(group.rows) if not row.is_baseline}
    networks = {index for index, row in enumerate(group.rows) if row.is_network}
    best: list[set[int]] = []
    for place, column in enumerate(columns):
        if column.kind == "gain":
            best.append(best[-1] & rivals)
            continue
        candidates = networks if column.kind == "cost" else set(range(len(lines)))
        best.append(_find_best(group, column, [line[place] for line in lines], candidates))
    if len(rivals) < 2:
        best = [set() for _ in columns]
    return [
        [Cell(text, index in best[place]) for place, text in enumerate(line)]
        for index, line in enumerate(lines)
    ]


def summarize(params: Params, groups: Sequence[Group], pairs: Sequence[Pair]) -> list[str]:
    """Say in a few sentences what was done and found under the figures' protocols."""
    sentences = list(_describe_training(params, groups))
    for name in params.report.figure_protocols.values():
        for group in groups:
            if group.protocol == name:
                where = (group.task, group.protocol, group.test_set)
                own = [each for each in pairs if (each.task, each.protocol, each.test_set) == where]
                ours = [each for each in own if _is_of_ours(group, each)]
                sentences += _describe_finding(group, ours)
                sentences += _describe_adversaries(params, group, ours)
                sentences += [_describe_pair(each) for each in own if not _is_of_ours(group, each)]
    return sentences


def _describe_training(params: Params, groups: Iterable[Group]) -> Iterable[str]:
    steps: dict[str, set[int]] = {}
    for group in groups:
        for row in group.rows:
            if row.is_network:
                steps.setdefault(group.task, set()).add(row.evaluation.steps)
    if not steps:
        return
    parts = []
    for task, counts in steps.items():
        low, high = min(counts), max(counts)
        said = f"{low:,} steps" if low == high else f"{low:,} to {high:,} steps"
        parts.append(said if len(steps) == 1 else f"{said} for {task}")
    yield (
        f"Profile {params.profile}: every network was trained {', '.join(parts)} by one procedure "
        f"(the paper trains {PAPER_STEPS:,})."
    )


def _find_best(group: Group, column: Column, texts: list[str], candidates: set[int]) -> set[int]:
    values = {index: column.value(group.rows[index]) for index in candidates}
    known = {index: value for index, value in values.items() if value is not None}
    if not known:
        return set()
    choose = min if column.is_less_better else max
    champion = choose(known, key=lambda index: known[index])
    return {index for index in known if texts[index] == texts[champion]}


def _is_of_ours(group: Group, pair: Pair) -> bool:
    return group.ours is not None and pair.ours == group.ours.model


def _describe_pair(pair: Pair) -> str:
    said = format_interval(pair.differences["psnr_db"], 3, pair.num_images)
    return f"On {pair.test_set} {pair.ours} less {pair.other} is {said} dB: {_say_verdict(pair)}."


def _say_verdict(pair: Pair) -> str:
    p_value = format_p_value(pair.p_values["psnr_db"])
    return {
        "ahead": f"a lead ({p_value} after Holm's correction)",
        "behind": f"{pair.ours} is behind ({p_value} after Holm's correction)",
        "undecided": f"no lead, the order is undecided ({p_value} after Holm's correction)",
        "too few images": f"too few images to tell (fewer than {MIN_IMAGES_TO_JUDGE})",
    }[judge(pair, "psnr_db")]


def _describe_finding(group: Group, pairs: Sequence[Pair]) -> list[str]:
    ours, baseline = group.ours, group.baseline
    if ours is None:
        return []
    rows = {row.model: row for row in group.rows}
    rivals = [pair for pair in pairs if baseline is None or pair.other != baseline.model]
    seeds = f", {ours.num_seeds} seeds" if ours.replicates else ""
    images = count_noun(group.num_images, "image")
    where = f"On {group.test_set} ({images}{seeds}, {group.protocol})"
    gain = format_interval(ours.measured.gains["psnr_db"], 2, group.num_images)
    said = f"{where} {ours.model} gains {gain} dB over {name_baseline(enlarges=group.enlarges)}"
    if not rivals:
        return [said + "."]
    ahead = 1 + sum(pair.differences["psnr_db"].mean < 0 for pair in rivals)
    closest = min(rivals, key=lambda pair: pair.differences["psnr_db"].mean)
    # Rivals given by hand in a summary of pairs alone need no row of their own.
    learned = all(rows[pair.other].is_network for pair in rivals if pair.other in rows)
    noun = "networks" if learned else "methods"
    return [
        f"{said} and stands {name_ordinal(ahead)} of {len(rivals) + 1} {noun} in PSNR; against "
        f"{closest.other}, its strongest rival, the difference is "
        f"{format_interval(closest.differences['psnr_db'], 3, closest.num_images)} dB: "
        f"{_say_verdict(closest)}."
    ]


def _describe_adversaries(params: Params, group: Group, pairs: Sequence[Pair]) -> Iterable[str]:
    """Say what each network trained with an adversary pays in PSNR, and what it gains for it."""
    for pair in pairs:
        row = next((row for row in group.rows if row.model == pair.other), None)
        if row is None or not _is_adversarial(params, row):
            continue
        gained = [
            f"{format_interval(pair.differences[name].negated(), decimals, pair.num_images)} {unit}"
            for name, decimals, unit in _PRICES
            if name in pair.differences
        ]
        yield (
            f"Trained against a discriminator, {pair.other} differs from {pair.ours} on "
            f"{group.test_set} by {' and '.join(gained)}."
        )


def _is_adversarial(params: Params, row: Row) -> bool:
    model = params.models.get(f"{row.evaluation.task}-{row.model}")
    return model is not None and params.train.objectives[model.objective].adversarial is not None
