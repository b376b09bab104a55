"""Table 1's order and values."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from lienet.report import tables
from lienet.report.summaries import describe_bicubic
from lienet.report.table_columns import columns_of
from tests.report.evaluated import with_means


def with_bicubic(group: tables.Group, psnr_db: float, ssim: float) -> tables.Group:
    row = group.rows[0]
    measured = with_means(row.measured, psnr_db=psnr_db, ssim=ssim)
    return replace(group, rows=(replace(row, measured=measured), *group.rows[1:]))


def test_groups_follow_the_protocols_of_params_then_test_sets_by_name(groups):
    assert [(group.protocol, group.test_set) for group in groups] == [
        (protocol, test_set)
        for protocol in ("x4_q20_luma", "x4_q20_rgb", "x2_q20_luma", "x2_q20_rgb")
        for test_set in ("mixed", "solo")
    ]


def test_a_model_stands_only_under_protocols_of_its_scale(groups):
    names = ["bicubic", "srgan", "esrgan", "sftgan", "lienet"]
    for group in groups:
        expected = names if group.protocol.startswith("x4") else ["bicubic"]
        assert [row.model for row in group.rows] == expected
        assert group.has_networks == group.protocol.startswith("x4")


def test_the_csv_has_the_agreed_columns_and_a_line_for_each_row(groups):
    lines = list(csv.reader(io.StringIO(tables.render_csv(groups))))
    assert ",".join(lines[0]) == (
        "task,protocol,test_set,model,psnr_db,psnr_gain_db,ssim,ssim_gain,vmaf,"
        "num_params,num_macs,latency_ms,latency_int8_ms,peak_memory_mb,num_seeds"
    )
    assert len(lines) == 1 + 4 * 5 + 4
    lienet = groups[0].rows[-1].measured
    assert lines[5][:4] == ["sr", "x4_q20_luma", "mixed", "lienet"]
    assert lines[5][9:] == ["124000", "7100000000", "58.1", "", "", "1"]
    assert lines[1][3::11] == ["bicubic", ""], "what learned nothing has no seed"
    assert float(lines[5][4]) == pytest.approx(lienet.means["psnr_db"], abs=5e-5)
    assert float(lines[5][7]) == pytest.approx(lienet.gains["ssim"].mean, abs=5e-7)


def test_what_was_not_measured_is_empty_in_the_csv(groups):
    row = groups[0].rows[1]
    bare = tables.Row(
        row.evaluation.model_copy(update={"num_macs": None, "latency_ms": None}),
        with_means(row.measured, vmaf=None),
    )
    text = tables.render_csv([replace(groups[0], rows=(bare,))])
    assert text.splitlines()[1].endswith(",,131000,,,,,1")


def test_inputs_without_jpeg_are_not_the_paper_s(params, groups):
    near = with_bicubic(groups[0], 29.32, 0.8422)
    far = with_bicubic(groups[1], 20.0, 0.5)
    clean = replace(near, is_compressed=False)
    assert [line["protocol"] for line in describe_bicubic([clean, far])] == [far.protocol]
    shown, hidden = ([c.title for c in columns_of(params, group)] for group in (near, clean))
    assert [title for title in shown if title not in hidden] == [
        "paper PSNR (gain)",
        "paper SSIM (gain)",
    ]
    evaluations = [row.evaluation for row in groups[0].rows]
    bare = replace(groups[0], rows=groups[0].rows[:1])
    assert [group.has_table for group in (near, bare)] == [True, False]
    assert replace(bare, is_compressed=False).has_table, "a benchmark's bicubic row is a table"
    assert all(group.is_compressed for group in tables.group_rows(params, evaluations))
    protocols = {
        name: each.model_copy(update={"jpeg_quality": None, "jpeg_chroma": None})
        for name, each in params.evaluate.protocols.items()
    }
    evaluate = params.evaluate.model_copy(update={"protocols": protocols})
    without = params.model_copy(update={"evaluate": evaluate})
    assert not any(group.is_compressed for group in tables.group_rows(without, evaluations))
