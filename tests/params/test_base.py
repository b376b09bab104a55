"""Ranges say which end is which."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from lienet.params.base import Chroma, Range


def test_a_range_goes_from_low_to_high():
    adapter: TypeAdapter[tuple[float, float]] = TypeAdapter(Range)
    assert adapter.validate_python([0.5, 0.5]) == (0.5, 0.5)
    with pytest.raises(ValidationError, match=r"low first, got \[0.9, 0.1\]"):
        adapter.validate_python([0.9, 0.1])


@pytest.mark.parametrize("written", ["4:2:0", "420", 420])
def test_chroma_is_taken_with_and_without_colons(written: object):
    assert TypeAdapter(Chroma).validate_python(written) == "4:2:0"


@pytest.mark.parametrize("written", [14520, "421", True, None, ""])
def test_what_is_no_subsampling_is_refused(written: object):
    with pytest.raises(ValidationError, match="4:2:0"):
        TypeAdapter(Chroma).validate_python(written)
