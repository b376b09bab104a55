"""``python -m bench [TOPIC…] [--data DIR]``: measure, show, and write ``reports/bench.json``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console

from bench.runner import describe_machine, find_topics, measure_topic
from lienet.files import write_json

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Measure the topics asked for, or all; return 1 if any failed."""
    topics = find_topics(ROOT / "bench")
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"of {', '.join(topics)}")
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("LIENET_TEST_DATA"),
        help="a folder of real photographs; made-up ones are used without (LIENET_TEST_DATA)",
    )
    asked = parser.parse_args()
    unknown = set(asked.topics) - set(topics)
    if unknown:
        parser.error(f"no such topic: {', '.join(sorted(unknown))}; choose of {', '.join(topics)}")
    console = Console(stderr=True)
    results, failures = {}, {}
    for topic in asked.topics or topics:
        console.rule(topic)
        try:
            results[topic] = measure_topic(topic, asked.data)
        except Exception as error:  # one broken topic must not cost the others' figures
            failures[topic] = f"{type(error).__name__}: {error}"
            console.print(f"failed: {failures[topic]}", style="red", markup=False)
            continue
        for name, value in results[topic].items():
            shown = f"{value:,.3f}" if isinstance(value, float) else str(value)
            console.print(f"{name:<48} {shown}", markup=False, highlight=False)
    path = ROOT / "reports" / "bench.json"
    write_json(path, {**describe_machine(ROOT), "results": results, "failures": failures})
    console.print(f"written to {path}", markup=False)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
