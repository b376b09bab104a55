"""Kinds of degradation: a user's own gets its keyed numbers and says what a task of it is."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from lienet.draws import generators_of
from lienet.errors import DataError, InputError
from lienet.images import Pixels, decode_image
from lienet.params import Degradation, Synthesize, degradations

PHOTO = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
TASK: dict[str, Any] = {
    "kind": "test_dust",
    "sources": None,
    "tile_px": 64,
    "tile_stride_px": 64,
    "flat_std_min": 0.0,
    "share": 0.5,
}


@degradations.register("test_dust")
class Dust(Degradation):
    """White pixels."""

    description: ClassVar = "a share of {share} is white ({task})"

    share: float

    def degrade(self, pixels: Pixels, generator: np.random.Generator) -> Pixels:
        is_white = generator.random(pixels.shape[:2]) < self.share
        return np.where(is_white[..., None], np.uint8(255), pixels)


def parse(**tasks: dict[str, Any]) -> Synthesize:
    split = {
        "valid_share": 0.1,
        "test_share": 0.1,
        "test_images": {},
        "max_leak_distance": None,
        "on_leak": "error",
    }
    content = {"split": split, "shard_max_mb": 1, "real_sources": [], "tasks": tasks}
    return TypeAdapter(Synthesize).validate_python(content)


def test_several_tasks_may_be_of_one_kind_and_keep_their_params():
    parsed = parse(dust=TASK, more_dust={**TASK, "share": 0.75})
    assert [type(each) for each in parsed.tasks.values()] == [Dust, Dust]
    assert parsed.model_dump()["tasks"]["more_dust"]["share"] == 0.75
    assert Synthesize.model_validate(parsed.model_dump()) == parsed


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (
            {"dust": {**TASK, "kind": "rust"}},
            r"tasks\.dust\n.*degradation must be one of .*got rust",
        ),
        ({"dust": {**TASK, "share": "half"}}, r"tasks\.dust\.share"),
        ({"dust": {key: TASK[key] for key in TASK if key != "kind"}}, "kind is missing"),
        ({"Dust 1": TASK}, r"tasks\.Dust 1"),
        ({}, "at least 1"),
    ],
)
def test_a_task_that_is_wrong_is_named(tasks: dict[str, Any], message: str):
    with pytest.raises(ValidationError, match=message):
        parse(**tasks)


def test_a_kinds_numbers_depend_on_seed_and_sample_alone():
    dust = Dust.model_validate(TASK)
    first, again, other = (
        dust.make_input(PHOTO, generators_of(1, dust.kind, key)).content for key in "aab"
    )
    assert first == again != other
    expected = dust.degrade(PHOTO, generators_of(1, dust.kind, "a")())
    assert np.array_equal(decode_image(first), expected)


def test_what_a_kind_does_not_say_is_that_of_a_task_that_keeps_the_size():
    dust = Dust.model_validate(TASK)
    assert (dust.list_scales(), dust.enlarges, dust.find_multiple()) == ((1,), False, 1)
    assert dust.describe(task="dust", scale=1) == "a share of 0.5 is white (dust)"
    with pytest.raises(InputError, match="test_dust has no strength"):
        dust.at_strength(0.5)


def test_pixels_of_another_size_are_refused():
    class Crop(Dust):
        def degrade(self, pixels: Pixels, generator: np.random.Generator) -> Pixels:
            return pixels[1:]

    with pytest.raises(DataError, match=r"must give uint8 of shape \(32, 48, 3\), got"):
        Crop.model_validate(TASK).make_input(PHOTO, generators_of(1))
