"""Each task has its own columns; the paper stands beside super-resolution alone."""

from __future__ import annotations

from lienet.report.table_columns import columns_of


def test_colour_error_is_a_column_of_the_tasks_that_measure_it(other_params):
    titles = {
        task: [column.title for column in columns_of(other_params, task)]
        for task in ("sr", "face", "old_photo")
    }
    assert "CIEDE2000 (less is better)" in titles["old_photo"]
    assert "CIEDE2000 (less is better)" not in titles["face"]
    assert "sharpness (reference 1)" in titles["face"]
    assert [title for title in titles["sr"] if "paper" in title] == [
        "paper PSNR (gain)",
        "paper SSIM (gain)",
    ]
    assert not any("paper" in title for title in titles["face"])


def test_the_baseline_has_no_gain_and_every_other_row_has(other_params, other_groups):
    group = next(group for group in other_groups if group.protocol == "old_photo_rgb")
    gains = [column for column in columns_of(other_params, "old_photo") if column.kind == "gain"]
    for row in group.rows:
        said = [column.say(row) for column in gains]
        assert said[3] == "–"  # VMAF was not measured
        assert (said[0] == "–") == row.is_baseline
        assert (said[2] == "–") == row.is_baseline
    lienet = columns_of(other_params, "old_photo")[6].say(group.ours)
    assert lienet.startswith(f"{group.ours.measured.gains['ciede2000'].mean:+.2f} [")
