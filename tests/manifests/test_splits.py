"""A photograph's split: exempt, agreed, named or drawn, in this order."""

from __future__ import annotations

import pytest

from lienet.draws import draw_splits
from lienet.errors import DataError
from lienet.manifests import splits
from lienet.manifests.splits import choose_splits, choose_test_images
from lienet.params import SplitShares

SHARES = SplitShares(
    valid_share=0.3,
    test_share=0.3,
    test_images={"faces": 2},
    max_leak_distance=None,
    on_leak="error",
)


def split_of(key: str, split: str, detector: str = "yunet", chosen=None) -> str:
    (fallen,) = choose_splits(SHARES, 3, [key], splits=[split], detectors=[detector], chosen=chosen)
    return fallen


def test_exempt_photograph_falls_to_the_test_split() -> None:
    assert split_of("a", "train", "exempt") == "test"
    assert split_of("a", "auto", "exempt", frozenset()) == "test"


def test_an_agreed_number_leaves_the_rest_for_training() -> None:
    keys = [f"faces__{number}" for number in range(9)]
    chosen = choose_test_images(SHARES, 3, "faces", iter(keys))
    assert chosen is not None
    assert len(chosen) == 2
    assert [split_of(key, "auto", chosen=chosen) for key in keys].count("test") == 2
    assert {split_of(key, "auto", chosen=chosen) for key in set(keys) - chosen} == {"train"}


def test_an_agreed_number_is_chosen_the_same_however_few_keys_are_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = [f"faces__{number}" for number in range(50)]
    expected = choose_test_images(SHARES, 3, "faces", keys)
    monkeypatch.setattr(splits, "_KEYS_AT_ONCE", 3)
    assert choose_test_images(SHARES, 3, "faces", iter(keys)) == expected


def test_where_no_number_is_agreed_no_key_is_read() -> None:
    def fail():
        raise AssertionError
        yield ""

    assert choose_test_images(SHARES, 3, "others", fail()) is None


def test_too_few_for_the_agreed_number_is_one_line() -> None:
    with pytest.raises(DataError, match="asks for 2 images of faces, and training for one more"):
        choose_test_images(SHARES, 3, "faces", ["a", "b"])


@pytest.mark.parametrize("named", ["train", "valid", "test"])
def test_a_named_split_is_kept(named: str) -> None:
    assert split_of("a", named) == named


def test_auto_is_drawn_by_key() -> None:
    keys = [str(number) for number in range(40)]
    drawn = [split_of(key, "auto") for key in keys]
    assert drawn == draw_splits(3, keys, valid_share=0.3, test_share=0.3)
    assert set(drawn) == {"train", "valid", "test"}


def test_many_fall_as_one_by_one() -> None:
    keys = [str(number) for number in range(60)]
    splits = ["auto", "train", "real"] * 20
    detectors = ["yunet", "yunet", "exempt", "consented"] * 15
    fallen = choose_splits(SHARES, 3, keys, splits=splits, detectors=detectors, chosen=None)
    assert fallen == list(map(split_of, keys, splits, detectors))
