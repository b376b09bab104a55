"""table1.md: every table well formed, the paper beside ours."""

from __future__ import annotations

import re

import pytest

from lienet.report.markdown import render_markdown
from lienet.report.paired_differences import compare_pairs
from lienet.report.side_tables import make_pair_sheets


@pytest.fixture(scope="module")
def text(params, groups, per_image) -> str:
    pairs = compare_pairs(groups, per_image, confidence=0.95)
    sheets = make_pair_sheets(params, pairs)
    return render_markdown(params, groups, pairs, sheets)


def test_every_line_of_a_table_has_as_many_cells_as_its_head(text: str):
    blocks = [block for block in text.split("\n\n") if block.startswith("|")]
    assert len(blocks) == 1 + 4 + 1
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1


def test_bicubic_s_distance_to_the_paper_is_given_with_what_it_says(text: str):
    section = text.partition("## Bicubic under every protocol")[2].partition("\n## ")[0]
    assert "29.32 dB and 0.8422" in section
    assert "says nothing of the protocol" in section
    assert "| x2_q20_luma | mixed (2) |" in section


def test_best_values_are_bold_and_the_papers_are_not(text: str):
    row = next(line for line in text.splitlines() if line.startswith("| lienet (ours)"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert all(re.fullmatch(r"\*\*.+\*\*", cell) for cell in cells[1:9])
    assert cells[9:] == ["30.63 (+1.31)", "0.8744 (+0.0322)"]


def test_pairs_name_both_models_and_the_verdict(text: str):
    assert re.search(r"\| x4_q20_luma \| mixed \(2\) \| lienet - srgan \| \+0\.\d{3} \[", text)
    assert "too few images" in text


def test_without_pairs_there_is_no_empty_table(params, groups):
    assert "model against model" not in render_markdown(params, groups, [], [])
