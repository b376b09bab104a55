"""Differences, ablations, real photographs and identity, as the cells that are shown."""

from __future__ import annotations

import pytest

from lienet.evaluation.scores import Distances, Evaluation, Identity
from lienet.report import side_tables as sheets
from lienet.report.evaluations import is_contender, read_evaluations, read_per_image
from lienet.report.paired_differences import compare_ablations, compare_pairs


@pytest.fixture(scope="module")
def evaluations(other_params, other_workspace):
    return read_evaluations(other_params, other_workspace)


@pytest.fixture(scope="module")
def scores(other_workspace, evaluations):
    return read_per_image(other_workspace, evaluations)


def texts(line) -> list[str]:
    return [cell.text for cell in line]


def test_each_task_has_its_own_differences_and_colour_only_where_measured(
    other_params, other_groups, scores
):
    face, old = sheets.make_pair_sheets(
        other_params, compare_pairs(other_groups, scores, confidence=0.95)
    )
    assert "CIEDE2000 [95%]" in old.titles
    assert "CIEDE2000 [95%]" not in face.titles
    for sheet in (face, old):
        assert {len(line) for line in sheet.lines} == {len(sheet.titles)}
    named = {texts(line)[2] for line in old.lines}
    assert named == {
        f"lienet - {name}" for name in ("input", "classical", "srresnet", "lienet_gan")
    }
    assert texts(old.lines[0])[4] == "too few images"


def test_ablations_stand_apart_with_their_differences_to_the_whole(
    other_params, other_groups, scores
):
    found = compare_ablations(other_groups, scores, confidence=0.95)
    face, old = sheets.make_ablation_sheets(other_params, found)
    assert face.title == "Faces: ablations"
    assert [texts(line)[2] for line in face.lines] == ["ablation_no_spade - lienet"] * 2
    assert texts(face.lines[0])[3].startswith("-")
    assert texts(old.lines[0])[7].startswith("+")


def test_real_photographs_are_shown_before_and_after_each_method(evaluations):
    (sheet,) = sheets.make_real_sheets(evaluations)
    assert sheet.title == "Real photographs of set (2)"
    assert [texts(line)[0] for line in sheet.lines][:2] == ["input", "classical"]
    lienet = next(
        each for each in evaluations if (each.task, each.model) == ("old_photo", "lienet")
    )
    last = texts(sheet.lines[-1])
    assert last[0] == "lienet"
    assert last[1] == f"{lienet.real['set'].after['noise']:.2f}"
    assert sheets.make_real_sheets([]) == []


def test_metrics_that_need_no_reference_have_a_column_of_real_photographs(evaluations):
    def with_niqe(evaluation: Evaluation, value: float) -> Evaluation:
        found = evaluation.real["set"]
        both = {
            when: {**getattr(found, when), "niqe": value + place}
            for place, when in enumerate(("after", "before"))
        }
        return evaluation.model_copy(update={"real": {"set": found.model_copy(update=both)}})

    shown = [each for each in evaluations if each.real and is_contender(each)]
    (sheet,) = sheets.make_real_sheets([with_niqe(shown[0], 3.0), shown[1]])
    assert sheet.titles[-1] == "NIQE, own model (less is better)"
    assert [texts(line)[-1] for line in sheet.lines] == ["4.00", "3.00", "–"]


def test_identity_that_was_left_out_says_so_and_one_that_was_measured_is_shown(
    other_params, evaluations
):
    (sheet,) = sheets.make_identity_sheets(other_params, evaluations)
    assert sheet.note == "Identity was left out: no model."
    assert sheet.lines == []
    found = Distances(
        num_images=20, num_located=20, distance=0.1, baseline_distance=0.3,
        distance_gain=-0.2, distance_gain_low=-0.3, distance_gain_high=-0.1,
    )  # fmt: skip
    identity = Identity(note=None, sets={"faces": found})
    measured = evaluations[-1].model_copy(update={"identity": identity})
    (sheet,) = sheets.make_identity_sheets(other_params, [measured])
    assert texts(sheet.lines[0])[1:] == ["0.1000", "-0.2000 [-0.3000, -0.1000]"]
    assert sheets.make_identity_sheets(other_params, []) == []
