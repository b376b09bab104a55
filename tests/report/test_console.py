"""Table 1 in a log: whole lines, whatever the width of nobody's window."""

from __future__ import annotations

import io

from rich.console import Console

from lienet.report.console import LOG_WIDTH, locate_page, make_console, render_console


def draw(params, workspace) -> str:
    stream = io.StringIO()
    Console(file=stream, width=LOG_WIDTH, highlight=False).print(render_console(params, workspace))
    return stream.getvalue()


def test_no_cell_is_cut_or_folded(params, workspace, groups):
    text = draw(params, workspace)
    assert "…" not in text
    rows = [line for line in text.splitlines() if line.strip().startswith("lienet (ours)")]
    assert len(rows) == 2
    for row in rows:
        assert row.split()[-4:] == ["30.63", "(+1.31)", "0.8744", "(+0.0322)"]
        assert "7.10 G" in row


def test_the_figures_protocol_and_the_nearest_are_shown_and_no_other(params, workspace):
    text = draw(params, workspace)
    assert text.count("Table 1: ") == 3
    assert "Table 1: x4_q20_luma on mixed (2 images)  " in text
    assert "Table 1: x4_q20_luma on solo (1 image)  " in text
    assert "x2_q20_luma on mixed (2 images), whose bicubic row lies nearest" in text
    assert "x4_q20_rgb" not in text


def test_where_there_is_no_terminal_the_console_is_wide_enough(capsys):
    assert make_console().width == LOG_WIDTH


def test_the_page_is_named_as_a_path_and_as_an_address(workspace):
    path, address = locate_page(workspace).splitlines()
    assert path.endswith("reports/index.html")
    assert address.split()[-1].startswith("file:///")
