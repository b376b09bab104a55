"""The tables of docs/results.md and README, from what profile bench's report wrote.

``python docs/measurements/result_tables.py`` prints them in Markdown. Costs and means are those of
table1.csv; a lead is lienet's over that row, by per_image.csv, without Holm's correction.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from lienet.evaluation.intervals import estimate_over_seeds
from lienet.report.number_format import format_count

PUBLISHED = Path(__file__).parents[2] / "reports/published/bench"
OURS = "lienet"
Columns = Mapping[str, tuple[str, Callable[[float], str]]]
"""Titles and forms of numbers, by the column of table1.csv or per_image.csv."""
CONFIDENCE = 0.95
COSTS = {
    "num_params": ("parameters", format_count),
    "num_macs": ("multiply-adds", format_count),
    "latency_ms": ("ms", "{:.0f}".format),
    "latency_int8_ms": ("INT8, ms", "{:.0f}".format),
}
METRICS = {
    "psnr_db": ("PSNR", "{:.2f}".format),
    "ssim": ("SSIM", "{:.4f}".format),
    "vmaf": ("VMAF", "{:.1f}".format),
}
COLOUR_ERROR = {"ciede2000": ("ΔE00", "{:.2f}".format)}
SETS = {"kodak24": "Kodak", "clic2025": "CLIC", "faces": ""}
TABLES = (
    ("x4_q20_luma", ("kodak24", "clic2025"), METRICS),
    ("face_luma", ("faces",), METRICS),
    ("old_photo_rgb", ("kodak24", "clic2025"), METRICS | COLOUR_ERROR),
)
IN_README = (
    "bicubic",
    "srgan",
    "sftgan",
    "esrgan",
    "esrgan_skip",
    "rlfn",
    "plain",
    "lienet",
    "lienet_fast",
)


def find_lead(scores: pd.DataFrame, model: str) -> str:
    """Return lienet's lead in dB with its interval, over the seeds of both and the images."""
    tables = [
        own.pivot_table(index="seed", columns="key", values="psnr_db", dropna=False)
        for own in (scores[scores.model == each].fillna({"seed": 0}) for each in (OURS, model))
    ]
    bound = estimate_over_seeds(*(each.to_numpy() for each in tables)).bound(CONFIDENCE)
    return f"{bound.mean:+.3f} [{bound.low:+.3f}, {bound.high:+.3f}]".replace("-", "−")


def draw_table(
    folder: Path, protocol: str, test_sets: tuple[str, ...], metrics: Columns
) -> Iterator[str]:
    """Yield the lines of one table, in the order of the report; none where nothing was measured."""
    means, scores = read_tables(folder, protocol)
    if means.empty:
        return
    titles = ["network", "seeds", *(title for title, _ in COSTS.values())]
    for test_set in test_sets:
        columns = [*(title for title, _ in metrics.values()), "lienet's lead [95%], dB"]
        titles += [f"{SETS[test_set]} {title}".strip() for title in columns]
    yield from draw_head(titles)
    for model in means[means.test_set == test_sets[0]].model:
        line = [name_row(model), *say_costs(means, model, seeds=True)]
        for test_set in test_sets:
            line += say_means(means, scores, test_set, model, metrics)
            own = scores[scores.test_set == test_set]
            line.append("" if model == OURS else find_lead(own, model))
        yield "| " + " | ".join(line) + " |"


def draw_short_table(folder: Path) -> Iterator[str]:
    """Yield README's table of super-resolution: some rows, two metrics, no intervals."""
    protocol, test_sets, metrics = TABLES[0]
    means, scores = read_tables(folder, protocol)
    metrics = {name: metrics[name] for name in ("psnr_db", "ssim")}
    titles = ["×4, JPEG q20, luma", *(title for title, _ in COSTS.values())]
    for test_set in test_sets:
        titles += [f"{SETS[test_set]} {title}" for title, _ in metrics.values()]
    yield from draw_head(titles)
    for model in IN_README:
        line = [name_row(model), *say_costs(means, model)]
        for test_set in test_sets:
            line += say_means(means, scores, test_set, model, metrics)
        yield "| " + " | ".join(line) + " |"


def read_tables(folder: Path, protocol: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the lines of table1.csv and per_image.csv under a protocol."""
    tables = [pd.read_csv(folder / name) for name in ("table1.csv", "per_image.csv")]
    means, scores = (table[table.protocol == protocol] for table in tables)
    return means, scores


def draw_head(titles: list[str]) -> Iterator[str]:
    """Yield the head of a table."""
    yield "| " + " | ".join(titles) + " |"
    yield "|---|" + "--:|" * (len(titles) - 1)


def name_row(model: str) -> str:
    """Return a row's name, lienet's own in bold."""
    return f"**{model}**" if model.startswith(OURS) else model


def say_costs(means: pd.DataFrame, model: str, *, seeds: bool = False) -> list[str]:
    """Return the cells of what a model costs."""
    row = means[means.model == model].iloc[0]
    number = [say(row.num_seeds, "{:.0f}".format)] if seeds else []
    return number + [say(row[name], form) for name, (_, form) in COSTS.items()]


def say_means(
    means: pd.DataFrame, scores: pd.DataFrame, test_set: str, model: str, metrics: Columns
) -> list[str]:
    """Return a model's means; the best of all models as shown is bold."""
    cells = []
    for name, (_, form) in metrics.items():
        own = find_means(means, scores, test_set, name)
        best = own.min() if name in COLOUR_ERROR else own.max()
        is_best = form(own[model]) == form(best)
        cells.append(f"**{form(own[model])}**" if is_best else form(own[model]))
    return cells


def find_means(means: pd.DataFrame, scores: pd.DataFrame, test_set: str, name: str) -> pd.Series:
    """Return a metric's mean by model; of one that table1.csv lacks, over images and seeds."""
    if name in means:
        return means[means.test_set == test_set].set_index("model")[name]
    return scores[scores.test_set == test_set].groupby("model")[name].mean()


def say(value: float, form: Callable[[float], str]) -> str:
    """Return a cell; a cost that there is none of, as a dash."""
    return "–" if pd.isna(value) or not value else form(value)


if __name__ == "__main__":
    where = Path(sys.argv[1]) if sys.argv[1:] else PUBLISHED
    for lines in (draw_short_table(where), *(draw_table(where, *table) for table in TABLES)):
        sys.stdout.write("\n".join([*lines, "", ""]))
