"""Cells and sentences say what was measured, and no more."""

from __future__ import annotations

from dataclasses import replace

from lienet.evaluation.scores import Interval
from lienet.report import summaries as wording
from lienet.report.paired_differences import Pair
from tests.report.evaluated import with_means


def pair(psnr_db: Interval, p_value: float, *, other: str = "srgan", num_images: int = 24) -> Pair:
    ssim = Interval(0.001, 0.0005, 0.0015)
    return Pair(
        "sr",
        "x4_q20_luma",
        "mixed",
        "lienet",
        other,
        num_images,
        0.95,
        {"psnr_db": psnr_db, "ssim": ssim},
        {"psnr_db": p_value, "ssim": 0.001},
    )


def test_the_best_of_every_column_is_marked(params, groups):
    lines = wording.describe_group(params, groups[0])
    best = {
        (row, column)
        for row, line in enumerate(lines)
        for column, cell in enumerate(line)
        if cell.is_best
    }
    assert best == {(4, column) for column in range(1, 9)}
    assert lines[4][0].text == "lienet (ours)"


def test_cells_that_read_alike_are_best_together(params, groups):
    rows = list(groups[0].rows)
    psnr_db = rows[4].measured.means["psnr_db"]
    rows[2] = replace(rows[2], measured=with_means(rows[2].measured, psnr_db=psnr_db - 1e-6))
    lines = wording.describe_group(params, replace(groups[0], rows=tuple(rows)))
    assert [line[1].is_best for line in lines] == [False, False, True, False, True]


def test_nothing_is_best_where_bicubic_stands_alone(params, groups):
    assert not any(
        cell.is_best for line in wording.describe_group(params, groups[4]) for cell in line
    )


def test_the_papers_row_stands_beside_ours(params, groups):
    lines = wording.describe_group(params, groups[0])
    assert [cell.text for cell in lines[0][9:]] == ["29.32", "0.8422"]
    assert [cell.text for cell in lines[4][9:]] == ["30.63 (+1.31)", "0.8744 (+0.0322)"]


def test_the_summary_admits_a_second_place(params, groups):
    pairs = [
        pair(Interval(0.10, 0.05, 0.15), 0.0001),
        pair(Interval(-0.02, -0.03, -0.01), 0.012, other="esrgan"),
    ]
    said = " ".join(wording.summarize(params, groups, pairs))
    assert "stands second of 3 networks in PSNR" in said
    assert "against esrgan, its strongest rival, the difference is -0.020 [-0.030, -0.010]" in said
    assert "lienet is behind (p = 0.012 after Holm's correction)" in said


def test_a_lead_is_called_one(params, groups):
    pairs = [pair(Interval(0.10, 0.05, 0.15), 0.0001)]
    said = " ".join(wording.summarize(params, groups, pairs))
    assert "dB: a lead (p < 0.001 after Holm's correction)." in said


def test_a_pair_that_params_name_is_told_by_itself(params, groups):
    ours = pair(Interval(0.10, 0.05, 0.15), 0.0001)
    chosen = replace(pair(Interval(-0.003, -0.02, 0.014), 0.7), ours="esrgan")
    said = " ".join(wording.summarize(params, groups, [ours, chosen]))
    assert "stands first of 2 networks" in said
    assert (
        "On mixed esrgan less srgan is -0.003 [-0.020, +0.014] dB: no lead, the order is undecided "
        "(p = 0.700 after Holm's correction)." in said
    )


def test_the_summary_calls_nothing_a_lead_that_holm_s_correction_does_not_leave_one(params, groups):
    pairs = [pair(Interval(0.02, 0.01, 0.03), 0.09)]
    said = " ".join(wording.summarize(params, groups, pairs))
    assert "stands first of 2 networks" in said
    assert "no lead, the order is undecided (p = 0.090 after Holm's correction)" in said
    few = [pair(Interval(0.1, 0.05, 0.2), 0.01, num_images=3)]
    assert "too few images to tell" in " ".join(wording.summarize(params, groups, few))


def test_the_summary_gives_steps_of_here_and_of_the_paper(params, groups):
    sentences = wording.summarize(params, groups, [])
    assert "400 steps" in sentences[0]
    assert "1,000,000" in sentences[0]


def test_steps_that_differ_are_given_as_a_range(params, groups):
    rows = list(groups[0].rows)
    evaluation = rows[1].evaluation.model_copy(update={"steps": 12_000})
    rows[1] = replace(rows[1], evaluation=evaluation)
    said = wording.summarize(params, [replace(groups[0], rows=tuple(rows))], [])[0]
    assert "400 to 12,000 steps" in said
