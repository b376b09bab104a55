"""Tables: aligned, uncut in a pipe, and no text of a cell taken for markup."""

from __future__ import annotations

from rich.text import Text

from lienet.text_tables import draw_table, print_tables, to_markdown

TITLES = ["model", "gain [95%]"]
ROWS = [["a [red]b", "1"], ["longer name", "1234567"]]


def test_columns_are_aligned_and_brackets_are_shown(capsys):
    print_tables(draw_table(TITLES, ROWS, numbers={1}))
    assert capsys.readouterr().out.splitlines() == [
        "model        gain [95%]",
        "a [red]b              1",
        "longer name     1234567",
    ]


def test_a_pipe_gets_wide_tables_uncut_and_without_colours(capsys):
    print_tables("a line [bold]", draw_table(["x"] * 40, [[Text("wide" * 5, "bold red")] * 40]))
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "a line [bold]"
    assert said[2].split() == ["wide" * 5] * 40


def test_a_terminal_folds_to_its_window(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    print_tables(draw_table(["x", "y"], [["wide " * 5, "1"]]))
    said = Text.from_ansi(capsys.readouterr().out).plain.splitlines()
    assert max(map(len, said)) <= 20
    assert "".join(said).count("wide") == 5


def test_markdown_escapes_what_would_end_a_cell():
    assert to_markdown(TITLES, [["a|b", "1"]], numbers={1}).splitlines() == [
        "| model | gain [95%] |",
        "| :-- | --: |",
        "| a\\|b | 1 |",
    ]
