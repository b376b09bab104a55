"""A params file is UTF-8 and says each thing once."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.errors import InputError, ParamsError
from lienet.params.yaml_text import parse_yaml, read_yaml


def test_a_key_that_stands_twice_is_refused_with_its_lines():
    text = "seed: 1\ntrain:\n  steps: 2\nseed: 3\n"
    with pytest.raises(ParamsError, match=r"params.yaml .*seed stands twice, in lines 1 and 4"):
        parse_yaml(text, name="params.yaml")


def test_a_key_of_an_inner_mapping_that_stands_twice_is_refused():
    with pytest.raises(ParamsError, match="steps stands twice"):
        parse_yaml("train: {steps: 2, steps: 3}", name="params.yaml")


def test_a_merged_mapping_may_be_overridden():
    text = "a: &a {x: 1, y: 2}\nb: &b {<<: *a, y: 3}\nc: {<<: *b, y: 4}\n"
    assert parse_yaml(text, name="params.yaml")["c"] == {"x": 1, "y": 4}


def test_text_that_is_not_utf_8_is_one_line(tmp_path: Path):
    (tmp_path / "params.yaml").write_bytes("# größer\nseed: 1\n".encode("cp1252"))
    with pytest.raises(ParamsError, match=r"params.yaml must be text in UTF-8, got byte 0xf6"):
        read_yaml(tmp_path / "params.yaml")


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"cannot read .*params.yaml"):
        read_yaml(tmp_path / "params.yaml")
