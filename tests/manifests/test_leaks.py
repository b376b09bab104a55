from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from lienet.errors import DataError
from lienet.manifests.leaks import find_leaks, refuse_leaks
from lienet.screening.perceptual_hash import format_hash, hash_image
from tests.stages.studio import Studio, noise

FAR = 0xFFFF << 40


@pytest.fixture
def studio(tmp_path: Path, repository: Path) -> Studio:
    return Studio(tmp_path, repository / "profiles" / "sample.yaml")


def test_each_leak_is_named_once_and_pairs_within_a_split_are_none():
    learned = np.array([0b1, FAR, FAR + 1, 0b1], np.uint64)
    tested = np.array([0b0, 0b11, FAR << 8], np.uint64)
    assert find_leaks(learned, tested, max_distance=2) == [(0, 0), (3, 0)]
    same = find_leaks(learned, np.append(tested, np.uint64(FAR + 1)), max_distance=0)
    assert same == [(2, 3)]
    assert find_leaks(learned, tested[:0], max_distance=2) == []


def test_many_leaks_are_counted_and_some_are_named():
    pairs = [(f"l{n:02}", "t") for n in range(14)]
    with pytest.raises(DataError, match=r"l09 is t and 4 more; remove"):
        refuse_leaks(pairs, "error")


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
