"""The contents of artifacts."""

from __future__ import annotations

from pathlib import Path

from flows.artifacts import find_commit, read_table


def test_a_csv_file_is_read_as_rows(tmp_path: Path):
    (tmp_path / "table1.csv").write_text("model,psnr_db\nlienet,25.81\nbicubic,25.42\n")
    assert read_table(tmp_path / "table1.csv") == [
        {"model": "lienet", "psnr_db": "25.81"},
        {"model": "bicubic", "psnr_db": "25.42"},
    ]


def test_outside_git_there_is_no_commit(tmp_path: Path):
    assert find_commit(tmp_path) == "none"
