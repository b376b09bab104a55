"""Table 1 in a log: whole lines, whatever the width of nobody's window."""

from __future__ import annotations

import pytest

from lienet.report.console import draw_table1, locate_page
from lienet.text_tables import print_tables


@pytest.fixture
def text(params, workspace, capsys) -> str:
    print_tables(*draw_table1(params, workspace))
    return capsys.readouterr().out


def test_no_cell_is_cut_or_folded(text: str):
    assert "…" not in text
    rows = [line for line in text.splitlines() if line.strip().startswith("lienet (ours)")]
    assert len(rows) == 2
    for row in rows:
        assert row.split()[-4:] == ["30.63", "(+1.31)", "0.8744", "(+0.0322)"]
        assert "7.10 G" in row


def test_the_figures_protocol_is_shown_and_no_other(text: str):
    assert text.count("Table 1: ") == 2
    assert "Table 1: x4_q20_luma on mixed (2 images)\n" in text
    assert "Table 1: x4_q20_luma on solo (1 image)\n" in text
    assert "x4_q20_rgb" not in text


def test_the_page_is_named_as_a_path_and_as_an_address(workspace):
    path, address = locate_page(workspace).splitlines()
    assert path.endswith("reports/index.html")
    assert address.split()[-1].startswith("file:///")
