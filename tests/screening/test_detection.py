from __future__ import annotations

import pickle
from pathlib import Path

from lienet.params import load_params
from lienet.screening.detection import (
    DEFAULT_FACE,
    DEFAULT_GATES,
    DEFAULT_TEXT,
    Detection,
)

SHIPPED_ONLY = Detection(DEFAULT_FACE, DEFAULT_TEXT, None, None)


def test_the_defaults_are_those_of_the_sample_profile(repository: Path):
    params = load_params(repository / "profiles" / "sample.yaml")
    assert params.filter.face == DEFAULT_FACE
    assert params.filter.text == DEFAULT_TEXT
    assert params.filter.gates == DEFAULT_GATES


def test_a_detection_travels_between_processes():
    copied = pickle.loads(pickle.dumps(SHIPPED_ONLY))
    assert copied == SHIPPED_ONLY
    assert hash(copied) == hash(SHIPPED_ONLY)
