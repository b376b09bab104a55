"""A small grid of learning rates for each network of profile bench, by its validation photographs.

``python docs/measurements/learning_rates.py [MODEL …]``, in a folder whose params.yaml is profile
bench and whose shards are made (``dvc repro code synthesize``). It trains each model a fifth of
the schedule at 1e-3 and 2e-3, or 5e-4 where 2e-3 is not the better, and on that way by factors of
two while it gains more than 0.02 dB. Each adds a row to docs/measurements/learning_rates.csv; what
is in there is not trained again.
"""

import csv
import subprocess
import sys
from pathlib import Path

import yaml

PARAMS = Path("params.yaml")
FOUND = Path(__file__).with_name("learning_rates.csv")
COLUMNS = ("model", "learning_rate", "steps", "valid_psnr_db")
SHARE = 5
NOISE_DB = 0.02


def read_found() -> dict[tuple[str, float], float]:
    """Return what was measured: validation PSNR in dB by model and rate."""
    if not FOUND.is_file():
        return {}
    with FOUND.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return {
        (row["model"], float(row["learning_rate"])): float(row["valid_psnr_db"]) for row in rows
    }


def measure(bench: dict, item: str, rate: float) -> float:
    """Train a model at a rate; return the validation PSNR of its last point, NaN if it diverged."""
    task = bench["models"][item]["task"]
    trial = f"{item}_rate"
    entry = bench["models"][item] | {"name": trial.partition("-")[2], "learning_rate": rate}
    train = bench["train"] | {
        "overrides": {name: dict(own) for name, own in bench["train"]["overrides"].items()}
    }
    own = train["overrides"][task]
    for key in ("steps", "lr_halve_every_steps"):
        own[key] = own.get(key, train[key]) // SHARE
    own["validate_every_steps"] = own["steps"] // 2
    PARAMS.write_text(
        yaml.safe_dump(bench | {"models": bench["models"] | {trial: entry}, "train": train})
    )
    done = subprocess.run(["lienet", "train", trial], capture_output=True, text=True, check=False)
    if done.returncode:
        if "not finite" in done.stderr:
            return float("nan")
        raise SystemExit(done.stderr)
    history = Path("data/models") / task / entry["name"] / "history.csv"
    with history.open(encoding="utf-8") as stream:
        return float(
            [row for row in csv.DictReader(stream) if row["valid_psnr_db"]][-1]["valid_psnr_db"]
        )


def add(bench: dict, item: str, rate: float, found: dict[tuple[str, float], float]) -> float:
    """Return what a model reaches at a rate, measured unless it was before."""
    if (item, rate) not in found:
        found[item, rate] = measure(bench, item, rate)
        is_new = not FOUND.is_file()
        with FOUND.open("a", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            if is_new:
                writer.writerow(COLUMNS)
            task = bench["models"][item]["task"]
            steps = bench["train"]["overrides"][task].get("steps", bench["train"]["steps"])
            writer.writerow([item, f"{rate:g}", steps // SHARE, f"{found[item, rate]:.4f}"])
    return found[item, rate]


def climb(bench: dict, item: str, found: dict[tuple[str, float], float]) -> None:
    """Try 1e-3 and 2e-3, and go the better way while each step gains more than the noise."""
    middle, high = (add(bench, item, rate, found) for rate in (1e-3, 2e-3))
    if high > middle:
        rate, factor, before, reached = 2e-3, 2.0, middle, high
    else:
        rate, factor = 5e-4, 0.5
        before, reached = middle, add(bench, item, rate, found)
    while reached > before + NOISE_DB:
        rate *= factor
        before, reached = reached, add(bench, item, rate, found)


def main() -> None:
    """Measure each model named, or all that no adversary trains and that repeat no other."""
    text = PARAMS.read_text(encoding="utf-8")
    bench = yaml.safe_load(text)
    named = sys.argv[1:] or [
        item
        for item, entry in bench["models"].items()
        if not entry["objective"].endswith("_gan") and "replicate_of" not in entry
    ]
    found = read_found()
    try:
        for item in named:
            climb(bench, item, found)
    finally:
        PARAMS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
