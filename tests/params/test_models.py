"""Entries of ``models``: the architecture decides the keys, and what scale it is for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from lienet.params import AnyModel, Model
from lienet.params.models import WITH_REPLICATES, is_of_paper

ADAPTER: TypeAdapter[Model] = TypeAdapter(AnyModel)


def srgan(**changes: object) -> dict[str, Any]:
    base = {"task": "sr", "name": "a", "architecture": "srgan", "scale": 4, "objective": "sr"}
    return {**base, "channels": 8, "num_blocks": 2, "batch_norm": False, "global_skip": "none"} | (
        changes
    )


def test_the_architecture_decides_which_keys_a_model_has():
    chosen = ADAPTER.validate_python(srgan())
    assert (type(chosen).__name__, chosen.model_dump()) == ("SrganModel", srgan())
    assert ADAPTER.dump_python(chosen) == srgan()
    with pytest.raises(ValidationError, match="growth"):
        ADAPTER.validate_python(srgan(growth=8))


def test_a_learning_rate_and_a_seed_of_its_own_are_dumped_only_where_they_are_set():
    chosen = ADAPTER.validate_python(srgan(learning_rate=2e-3, seed=7))
    assert chosen.model_dump() == srgan(learning_rate=2e-3, seed=7)
    assert ADAPTER.validate_python(srgan(seed=None)).model_dump(mode="json") == srgan()
    with pytest.raises(ValidationError, match="learning_rate"):
        ADAPTER.validate_python(srgan(learning_rate=0.0))


def test_a_start_of_its_own_is_dumped_where_it_is_set_and_names_its_bytes():
    start = {"weights": "a.safetensors", "sha256": "0" * 64, "steps": 9, "quantised": False}
    assert ADAPTER.validate_python(srgan(fine_tuning=start)).model_dump() == srgan(
        fine_tuning=start
    )
    assert ADAPTER.validate_python(srgan(fine_tuning=None)).model_dump() == srgan()
    with pytest.raises(ValidationError, match=r"fine_tuning\.sha256"):
        ADAPTER.validate_python(srgan(fine_tuning=start | {"sha256": "none"}))


def test_what_a_model_repeats_is_dumped_only_on_request_as_it_changes_no_byte_of_it():
    chosen = ADAPTER.validate_python(srgan(seed=7, replicate_of="sr-b"))
    assert chosen.replicate_of == "sr-b"
    assert chosen.model_dump() == srgan(seed=7)
    asked = chosen.model_dump(mode="json", context=WITH_REPLICATES)
    assert asked == srgan(seed=7, replicate_of="sr-b")
    assert "replicate_of" not in ADAPTER.validate_python(srgan()).model_dump(
        context=WITH_REPLICATES
    )


def test_an_unknown_architecture_is_one_line_that_lists_those_there_are():
    with pytest.raises(ValidationError, match=r"esrgan, .*lienet, .*plugins names, got vit"):
        ADAPTER.validate_python(srgan(architecture="vit"))


@pytest.mark.parametrize(
    ("architecture", "scale", "keys"),
    [
        ("esrgan", 1, {"channels": 8, "num_blocks": 1, "growth": 4}),
        ("sftgan", 1, {"channels": 8, "num_blocks": 1, "condition_channels": 4}),
    ],
)
def test_an_architecture_is_refused_at_a_scale_that_it_is_not_for(
    architecture: str, scale: int, keys: dict[str, int]
):
    base = {"task": "face", "name": "a", "objective": "sr", "architecture": architecture}
    ADAPTER.validate_python({**base, **keys, "scale": 2})
    with pytest.raises(ValidationError, match=f"{architecture} is for scale 2 or 4, got 1"):
        ADAPTER.validate_python({**base, **keys, "scale": scale})


def test_the_paper_s_architectures_are_known_by_name():
    names = ("lienet", "lienet_enhancement", "srgan", "esrgan", "sftgan", "bicubic")
    assert [is_of_paper(name) for name in names] == [True, True, False, False, False, False]
