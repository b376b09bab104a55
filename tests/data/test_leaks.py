from __future__ import annotations

from pathlib import Path

import cv2
import pytest
import skimage.data

from lienet.data.duplicates import format_hash, hash_image
from lienet.data.leaks import choose_leaks, find_leaks
from lienet.errors import DataError
from lienet.params import SplitShares
from tests.stages.studio import Studio, noise, record_of

FAR = 0xFFFF << 40


@pytest.fixture
def studio(tmp_path: Path, repository: Path) -> Studio:
    return Studio(tmp_path, repository / "profiles" / "sample.yaml")


def test_leaks_name_both_keys_and_pairs_within_a_split_are_none():
    def make(key: str, value: int):
        return record_of(key, "auto", perceptual_hash=f"{value:016x}")

    learned = [make("a__1", 0b1), make("a__2", FAR), make("a__3", FAR + 1), make("a__4", 0b1)]
    tested = [make("t__2", 0b11), make("t__1", 0b0), make("t__3", FAR << 8)]
    leaks = find_leaks(learned, tested, max_distance=2)
    assert [(one.key, other.key) for one, other in leaks] == [("a__1", "t__1"), ("a__4", "t__1")]
    same = find_leaks(learned, [*tested, make("z__1", FAR + 1)], max_distance=0)
    assert [(one.key, other.key) for one, other in same] == [("a__3", "z__1")]


def test_many_leaks_are_counted_and_some_are_named():
    shares = SplitShares(
        valid_share=0.1, test_share=0.1, test_images={}, max_leak_distance=0, on_leak="error"
    )
    learned = [record_of(f"l{n:02}", "auto", perceptual_hash="0f" * 8) for n in range(14)]
    tested = [record_of("t", "auto", perceptual_hash="0f" * 8)]
    with pytest.raises(DataError, match=r"l09 is t and 4 more; remove"):
        choose_leaks(learned, tested, shares)


def _add_leak(studio: Studio) -> None:
    picture = cv2.resize(skimage.data.coffee(), (96, 64), interpolation=cv2.INTER_AREA)
    hashed = format_hash(hash_image(picture))
    studio.add("learned", "train", picture, perceptual_hash=hashed)
    studio.add("other", "train", noise(1, 64, 64), perceptual_hash="00000000ffffffff")
    studio.add("tested", "test", picture[:, :, ::-1], perceptual_hash=hashed)


def test_a_picture_that_is_learned_and_tested_on_is_an_error_with_both_keys(studio: Studio):
    _add_leak(studio)
    with pytest.raises(DataError, match=r"got learned is tested; .*on_leak to drop"):
        studio.run()


def test_such_a_picture_can_be_left_out_of_training_or_not_be_looked_for(
    studio: Studio, caplog: pytest.LogCaptureFixture
):
    _add_leak(studio)
    split = studio.content["synthesize"]["split"]
    split["on_leak"] = "drop"
    studio.run()
    assert (studio.images("train"), studio.images("test")) == (["other"], ["tested"])
    assert "learned is tested: it is left out" in caplog.text
    split["max_leak_distance"] = None
    studio.run()
    assert studio.images("train") == ["learned", "other"]
