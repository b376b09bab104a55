"""Each task has its own columns; the paper stands beside super-resolution alone."""

from __future__ import annotations

from dataclasses import replace

from lienet.evaluation.format_costs import FormatCost
from lienet.report.table_columns import columns_of
from lienet.report.tables import Group


def test_colour_error_is_a_column_of_the_tasks_that_measure_it(other_params):
    titles = {
        task: [column.title for column in columns_of(other_params, Group(task, "", "", ()))]
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
    gains = [column for column in columns_of(other_params, group) if column.kind == "gain"]
    for row in group.rows:
        said = [column.say(row) for column in gains]
        assert said[3] == "–"  # VMAF was not measured
        assert (said[0] == "–") == row.is_baseline
        assert (said[2] == "–") == row.is_baseline
    lienet = columns_of(other_params, group)[6].say(group.ours)
    assert lienet.startswith(f"{group.ours.measured.gains['ciede2000'].mean:+.2f} [")


def test_latency_in_int8_and_memory_are_columns_where_networks_were_converted(params, groups):
    def make(name: str, latency_ms: float) -> FormatCost:
        return FormatCost(
            format=name,
            tool="tool 1",
            reason=None,
            size_bytes=1,
            latency_ms={1: latency_ms},
            peak_memory_mb=2 * latency_ms,
            results={},
        )

    formats = (make("onnx", 20.0), make("onnx_int8", 11.04))
    lienet = replace(groups[0].rows[-1], formats=formats)
    group = replace(groups[0], rows=(*groups[0].rows[:-1], lienet))
    said = {
        column.title: [column.say(row) for row in (group.rows[0], lienet)]
        for column in columns_of(params, group)
    }
    assert said["INT8 latency ms"] == ["–", "11.0"]
    assert said["peak memory MB"] == ["–", "40.0"]
    titles = [column.title for column in columns_of(params, groups[0])]
    assert not {"INT8 latency ms", "peak memory MB"} & set(titles)
