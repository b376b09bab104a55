from __future__ import annotations

from lienet.evaluation.metrics import measure_psnr
from lienet.report.old_photo_strengths import STRENGTHS, age_photographs


def test_the_stronger_the_look_the_farther_from_the_original(other_params, other_comparisons):
    aged = age_photographs(other_params, other_comparisons)
    assert [each.key for each in aged] == ["set__cat", "set__cup"]
    for each in aged:
        assert list(each.aged) == list(STRENGTHS)
        psnrs = [measure_psnr(each.original, pixels) for pixels in each.aged.values()]
        assert psnrs == sorted(psnrs, reverse=True)


def test_without_old_photographs_there_is_nothing_to_age(other_params, other_comparisons):
    faces = [each for each in other_comparisons if each.task == "face"]
    assert age_photographs(other_params, faces) == []
