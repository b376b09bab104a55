"""What is wrong between sections of params: models that repeat another; the rest in test_active."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from lienet.errors import ParamsError
from lienet.params import parse_params


@pytest.fixture(scope="session")
def sample_tree(repository: Path) -> dict[str, Any]:
    """The sample profile as plain data."""
    loaded: dict[str, Any] = yaml.safe_load((repository / "profiles/sample.yaml").read_text())
    return loaded


def with_replicate(tree: dict[str, Any], **changes: object) -> dict[str, Any]:
    """Return params in which ``sr-again`` repeats ``sr-srgan``, and the changes."""
    changed = copy.deepcopy(tree)
    again = changed["models"]["sr-srgan"] | {"name": "again", "seed": 1}
    changed["models"]["sr-again"] = again | {"replicate_of": "sr-srgan"} | changes
    return changed


def test_a_model_may_repeat_another_with_a_seed_of_its_own(sample_tree: dict[str, Any]):
    params = parse_params(json.dumps(with_replicate(sample_tree)), name="params.yaml")
    assert params.models["sr-again"].replicate_of == "sr-srgan"
    assert [params.seed_of(params.models[key]) for key in ("sr-srgan", "sr-again")] == [20260, 1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"replicate_of": "sr-lost"}, "replicate_of must be a key of models, got sr-lost"),
        ({"channels": 8}, "sr-again.replicate_of: channels must be that of sr-srgan"),
        ({"learning_rate": 1e-3}, "learning_rate must be that of sr-srgan; seeds may differ"),
        ({"replicate_of": "face-lienet"}, "architecture must be that of face-lienet"),
        ({"seed": 20260}, "sr-again.seed must differ from that of sr-srgan, got 20260"),
        ({"seed": None}, "sr-again.seed must differ from that of sr-srgan, got 20260"),
        ({"replicate_of": "sr-again"}, "sr-again.replicate_of must be no replicate itself"),
    ],
)
def test_what_is_no_repetition_is_one_line_that_says_why(
    sample_tree: dict[str, Any], changes: dict[str, object], message: str
):
    with pytest.raises(ParamsError, match=message):
        parse_params(json.dumps(with_replicate(sample_tree, **changes)), name="params.yaml")


def test_what_repeats_another_is_compared_in_its_row(sample_tree: dict[str, Any]):
    tree = with_replicate(sample_tree)
    tree["report"] = tree["report"] | {"compare": [["sr-lienet", "sr-again"]]}
    message = "report.compare: sr-again stands in the row of sr-srgan, which is to be named"
    with pytest.raises(ParamsError, match=message):
        parse_params(json.dumps(tree), name="params.yaml")


def test_two_repetitions_of_a_model_have_seeds_of_their_own(sample_tree: dict[str, Any]):
    tree = with_replicate(sample_tree)
    tree["models"]["sr-third"] = tree["models"]["sr-again"] | {"name": "third"}
    with pytest.raises(
        ParamsError, match=r"sr-third.seed must differ from that of sr-again, got 1"
    ):
        parse_params(json.dumps(tree), name="params.yaml")
    tree["models"]["sr-third"] |= {"seed": 2}
    parse_params(json.dumps(tree), name="params.yaml")
