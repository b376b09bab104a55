"""The pipeline writes the bytes that it wrote before, on a small profile of every task.

After a change of output that is right, ``python -m tests.goldens --write`` writes the hashes anew.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.goldens.outputs import compare, hash_outputs
from tests.goldens.processor import describe_processor
from tests.small_clone import Clone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.xdist_group("pipeline")]
EXACT_EVERYWHERE = ("data/raw/", "data/shards/")


def test_outputs_are_those_of_the_goldens(tiny_run: Clone):
    goldens = json.loads(Path(__file__).with_name("hashes.json").read_bytes())
    found = hash_outputs(tiny_run.root, tiny_run.root.parent / "some pictures")
    here = goldens.get(describe_processor())
    if here is not None:
        assert compare(here, found) == []
        return
    for known in goldens.values():  # another processor: what no floating-point sum decides
        expected = {path: h for path, h in known.items() if path.startswith(EXACT_EVERYWHERE)}
        same = {path: h for path, h in found.items() if path.startswith(EXACT_EVERYWHERE)}
        assert compare(expected, same) == []


def test_a_changed_missing_or_new_output_is_named():
    before = {"same": "1", "changed": "2", "missing": "3"}
    lines = compare(before, {"same": "1", "changed": "4", "added": "5"})
    assert lines == ["new       added", "differs   changed", "gone      missing"]


def test_figure_6_may_differ_in_what_it_draws_but_not_in_size_nor_caption(tmp_path: Path):
    def hash_report(grey: int, *, side_px: int = 8, caption: str = "by latency", name: str = "6"):
        reports = tmp_path / "reports"
        reports.mkdir(exist_ok=True)
        Image.new("L", (side_px, side_px), grey).save(reports / f"figure{name}.png")
        shown = f'<source srcset="{grey}">\n<img src="{grey}" alt="">'
        page = f'<section id="figure{name}">{shown}{caption}</section>'
        (reports / "index.html").write_text(page)
        return hash_outputs(tmp_path, tmp_path / "pictures")

    assert hash_report(1) == hash_report(2)
    assert len(compare(hash_report(1), hash_report(1, side_px=9))) == 1
    assert len(compare(hash_report(1), hash_report(1, caption="by parameters"))) == 1
    assert len(compare(hash_report(1, name="7"), hash_report(2, name="7"))) == 2
