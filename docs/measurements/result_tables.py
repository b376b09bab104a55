"""README's tables of results, from what profile bench's report wrote.

``python docs/measurements/result_tables.py`` prints them in Markdown. Costs and means are those of
table1.csv; a lead is lienet's over that row, by per_image.csv.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from lienet.evaluation.intervals import estimate_over_seeds
from lienet.report.number_format import format_count

PUBLISHED = Path(__file__).parents[2] / "reports/published/bench"
OURS = "lienet"
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


def find_lead(scores: pd.DataFrame, model: str) -> str:
    """Return lienet's lead in dB with its interval, over the seeds of both and the images."""
    tables = [
        own.pivot_table(index="seed", columns="key", values="psnr_db", dropna=False)
        for own in (scores[scores.model == each].fillna({"seed": 0}) for each in (OURS, model))
    ]
    bound = estimate_over_seeds(*(each.to_numpy() for each in tables)).bound(CONFIDENCE)
    return f"{bound.mean:+.3f} [{bound.low:+.3f}, {bound.high:+.3f}]".replace("-", "−")


def draw_table(folder: Path, protocol: str, test_sets: tuple[str, ...], metrics) -> Iterator[str]:
    """Yield the lines of one table, in the order of the report."""
    means = pd.read_csv(folder / "table1.csv").query("protocol == @protocol")
    scores = pd.read_csv(folder / "per_image.csv").query("protocol == @protocol")
    titles = ["network", "seeds", *(title for title, _ in COSTS.values())]
    for test_set in test_sets:
        columns = [*(title for title, _ in metrics.values()), "lienet's lead [95%], dB"]
        titles += [f"{SETS[test_set]} {title}".strip() for title in columns]
    yield "| " + " | ".join(titles) + " |"
    yield "|---|" + "--:|" * (len(titles) - 1)
    best = {
        (test_set, name): own.min() if name in COLOUR_ERROR else own.max()
        for test_set in test_sets
        for name in metrics
        for own in [find_means(means, scores, test_set, name)]
    }
    for model in means[means.test_set == test_sets[0]].model:
        row = means[(means.model == model) & (means.test_set == test_sets[0])].iloc[0]
        line = [f"**{model}**" if model == OURS else model, say(row.num_seeds, "{:.0f}".format)]
        line += [say(row[name], form) for name, (_, form) in COSTS.items()]
        for test_set in test_sets:
            for name, (_, form) in metrics.items():
                value = find_means(means, scores, test_set, name)[model]
                is_best = form(value) == form(best[test_set, name])
                line.append(f"**{form(value)}**" if is_best else form(value))
            own = scores[scores.test_set == test_set]
            line.append("" if model == OURS else find_lead(own, model))
        yield "| " + " | ".join(line) + " |"


def find_means(means: pd.DataFrame, scores: pd.DataFrame, test_set: str, name: str) -> pd.Series:
    """Return a metric's mean by model; of one that table1.csv lacks, over images and seeds."""
    if name in means:
        return means[means.test_set == test_set].set_index("model")[name]
    return scores[scores.test_set == test_set].groupby("model")[name].mean()


def say(value: float, form) -> str:
    """Return a cell; a cost that there is none of, as a dash."""
    return "–" if pd.isna(value) or not value else form(value)


if __name__ == "__main__":
    where = Path(sys.argv[1]) if sys.argv[1:] else PUBLISHED
    for table in TABLES:
        sys.stdout.write("\n".join([*draw_table(where, *table), "", ""]))
