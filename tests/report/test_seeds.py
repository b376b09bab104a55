"""Models that differ by their seed alone are one row; by values worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lienet.errors import DataError
from lienet.evaluation.scores import ImageScore
from lienet.params import Params
from lienet.report.paired_differences import compare_pairs, judge
from lienet.report.seeds import find_first, gather_scores, merge_seeds, spread_of_seeds
from lienet.report.summaries import describe_group
from lienet.report.table_columns import columns_of
from lienet.report.tables import Group

PROTOCOL, TEST_SET = "x4_q20_luma", "mixed"
SCORES = {
    "bicubic": [10.0, 20.0, 30.0],
    "esrgan": [11.0, 21.0, 31.5],
    "lienet": [11.0, 22.0, 33.0],
    "lienet_again": [13.0, 24.0, 35.0],
}


@pytest.fixture(scope="module")
def seeded(params: Params) -> Params:
    """The params of the report's tests, and lienet once more with another seed."""
    content = params.model_dump()
    content["models"]["sr-lienet_again"] = {
        **content["models"]["sr-lienet"],
        "name": "lienet_again",
        "seed": 1,
        "replicate_of": "sr-lienet",
    }
    return Params.model_validate(content)


@pytest.fixture(scope="module")
def group(groups: list[Group]) -> Group:
    """Bicubic, esrgan and two lienets of three invented images."""
    rows = {row.model: row for row in groups[0].rows}
    again = rows["lienet"].evaluation.model_copy(update={"model": "lienet_again"})
    rows["lienet_again"] = replace(rows["lienet"], evaluation=again)
    return replace(groups[0], rows=tuple(rows[name] for name in SCORES))


@pytest.fixture(scope="module")
def scores():
    return {
        ("sr", name, PROTOCOL, TEST_SET): {
            f"image{place}": ImageScore(
                PROTOCOL,
                TEST_SET,
                f"image{place}",
                {"psnr_db": value, "ssim": value / 40, "vmaf": 2 * value},
                {"psnr_db": SCORES["bicubic"][place], "ssim": SCORES["bicubic"][place] / 40},
            )
            for place, value in enumerate(values)
        }
        for name, values in SCORES.items()
    }


@pytest.fixture(scope="module")
def merged(seeded: Params, group: Group, scores) -> Group:
    return merge_seeds(seeded, [group], scores)[0]


def test_a_replicate_has_no_row_of_its_own_and_the_first_counts_its_seeds(merged: Group):
    assert [row.model for row in merged.rows] == ["bicubic", "esrgan", "lienet"]
    assert [row.num_seeds for row in merged.rows] == [None, 1, 2]
    assert merged.rows[-1].models == ("lienet", "lienet_again")
    assert merged.ours is merged.rows[-1]


def test_means_are_over_seeds_and_gains_over_seeds_and_images(merged: Group):
    """Gains over seeds are 2, 3 and 4; seeds' means 23 and 25.

    Their variance is 1/3 with 2 degrees of freedom and 2/2 with 1: together 4/3 with 32/19, for
    which t is 5.1762, by integrating its density (12.706 of 1, 4.303 of 2).
    """
    measured = merged.rows[-1].measured
    assert measured.means["psnr_db"] == pytest.approx(23.0)
    assert measured.means["vmaf"] == pytest.approx(46.0)
    gain = measured.gains["psnr_db"]
    assert gain.mean == pytest.approx(3.0)
    assert (gain.high - gain.low) / 2 / (4 / 3) ** 0.5 == pytest.approx(5.1762, abs=1e-3)
    assert "vmaf" not in measured.gains, "it was not measured of the baseline"
    assert measured.num_images == 3


def test_without_replicates_the_groups_are_as_they_were(params: Params, groups, per_image):
    assert merge_seeds(params, groups, per_image) == groups


def test_a_row_of_several_seeds_is_compared_by_all_of_them(seeded, merged: Group, scores):
    bicubic, esrgan = compare_pairs([merged], scores, confidence=0.95)
    assert bicubic.differences["psnr_db"].mean == pytest.approx(3.0)
    assert esrgan.differences["psnr_db"].mean == pytest.approx(23.0 - 63.5 / 3)
    assert (bicubic.ours, bicubic.num_images) == ("lienet", 3)


def test_where_one_network_has_one_seed_the_spread_of_the_others_is_no_lead(merged: Group, scores):
    """Lienet's seeds lie 2 dB apart; esrgan was trained once, and bicubic never."""
    bicubic, esrgan = compare_pairs([merged], scores, confidence=0.95)
    assert bicubic.seed_spreads == {}
    assert esrgan.seed_spreads["psnr_db"] == pytest.approx(2.0)
    sure = replace(esrgan, num_images=24, p_values={"psnr_db": 0.0})
    assert judge(sure, "psnr_db") == "undecided"


def test_the_table_says_how_many_seeds_only_where_there_are_several(
    seeded: Params, merged: Group, group: Group
):
    titles = [column.title for column in columns_of(seeded, merged)]
    assert titles[:3] == ["model", "seeds", "PSNR dB"]
    cells = [line[1] for line in describe_group(seeded, merged)]
    assert [cell.text for cell in cells] == ["–", "1", "2"]
    assert not any(cell.is_best for cell in cells)
    assert "seeds" not in [column.title for column in columns_of(seeded, group)]


def test_seeds_that_were_measured_on_different_images_are_refused(seeded, group: Group, scores):
    place = ("sr", "lienet_again", PROTOCOL, TEST_SET)
    fewer = {**scores, place: dict(list(scores[place].items())[:2])}
    with pytest.raises(DataError, match="lienet and lienet_again were not measured on the same"):
        merge_seeds(seeded, [group], fewer)


def test_a_metric_that_one_seed_lacks_is_left_out(merged: Group, scores):
    place = ("sr", "lienet_again", PROTOCOL, TEST_SET)
    without = {
        key: replace(score, values={"psnr_db": score.values["psnr_db"]})
        for key, score in scores[place].items()
    }
    found = gather_scores(merged, merged.rows[-1], {**scores, place: without})
    assert set(found.values) == {"psnr_db"}
    assert found.values["psnr_db"].shape == (2, 3)
    assert spread_of_seeds([found]) == {"psnr_db": pytest.approx(2.0)}


def test_the_first_of_a_replicate_is_what_params_say(seeded: Params, group: Group):
    assert [find_first(seeded, row.evaluation) for row in group.rows] == [
        "bicubic", "esrgan", "lienet", "lienet",
    ]  # fmt: skip
