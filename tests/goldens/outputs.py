"""Hashes of everything that the pipeline writes, so that two runs can be held against each other.

Measured times and memory differ from run to run and are left out, and so is the folder that the
photographs of a run lie in. Figure 6 draws measured times: of its file the size in pixels counts,
on the page its title and caption. All else counts, byte by byte: weights, shards, ONNX, scores,
tables.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import Image

FOLDERS = ("data", "reports")
NOT_OUTPUTS = ("code", "params", "plugins", "state", "published", "screens", "time")
_LATENCY_CELL = {
    ".md": re.compile(r"\| \**\d+\.\d\** (?=\|)"),
    ".html": re.compile(r'<td class="[^"]*">\d+\.\d</td>'),
}
"""Latency, memory and load alone are shown with one decimal."""
_MACHINE = re.compile(r"[|>][^|<>\n]{0,100}, \d+ processors")
_FIGURE6_ON_PAGE = re.compile(
    r'(<section id="figure6.*?)<source[^>]*>\s*<img src="[^"]*"(.*?</section>)', re.DOTALL
)


def hash_outputs(root: Path, pictures: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below ``data/`` and ``reports/`` of a workspace.

    Args:
        root: a workspace in which the pipeline has run.
        pictures: the folder of its photographs, which some of the outputs name.
    """
    files = sorted(path for name in FOLDERS for path in (root / name).rglob("*") if path.is_file())
    return {
        str(path.relative_to(root)): hashlib.sha256(_read(path, str(pictures))).hexdigest()
        for path in files
        if not set(NOT_OUTPUTS) & set(path.relative_to(root).parts)
        and not path.name.startswith(".")
        and path.name != "bench.json"
    }


def compare(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return a line for each output that differs, appeared or is gone."""
    lines = []
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            lines.append(f"gone      {path}")
        elif path not in before:
            lines.append(f"new       {path}")
        elif before[path] != after[path]:
            lines.append(f"differs   {path}")
    return lines


def _read(path: Path, pictures: str) -> bytes:
    """Return a file's bytes without what differs between two runs of the same code."""
    if path.suffix == ".parquet":
        rows = pq.read_table(path).to_pylist()  # type: ignore[no-untyped-call]
        content = json.dumps(rows, default=str).encode()
    elif path.suffix == ".json":
        content = json.dumps(_without_times(json.loads(path.read_bytes()))).encode()
    elif path.name == "table1.csv":
        content = _without_latency(path.read_text(encoding="utf-8")).encode()
    elif path.suffix in _LATENCY_CELL:
        text = _MACHINE.sub("", path.read_text(encoding="utf-8"))
        text = _LATENCY_CELL[path.suffix].sub("", text)
        content = _FIGURE6_ON_PAGE.sub(r"\1\2", text).encode()
    elif path.suffix == ".png" and path.name.startswith("figure6"):
        with Image.open(path) as picture:
            content = f"{picture.width}x{picture.height}".encode()
    else:
        content = path.read_bytes()
    return content.replace(pictures.encode(), b"PICTURES")


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_times(v)
            for key, v in value.items()
            if "latency" not in key and "memory" not in key
        }
    return [_without_times(item) for item in value] if isinstance(value, list) else value


def _without_latency(text: str) -> str:
    rows = [
        {
            name: cell
            for name, cell in row.items()
            if not name.startswith(("latency", "peak_memory"))
        }
        for row in csv.DictReader(io.StringIO(text))
    ]
    return json.dumps(rows)
