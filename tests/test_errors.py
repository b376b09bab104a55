"""The tree of errors: one line each, and fit to travel between processes."""

from __future__ import annotations

import pickle

import pytest

from lienet import errors
from lienet.errors import DataError, ImageError, LienetError, ParamsError


def test_an_error_says_what_got_and_remedy_in_one_line():
    error = ParamsError(
        "train.patch_px must be a multiple of 8", got=100, remedy="edit params.yaml"
    )
    assert str(error) == "train.patch_px must be a multiple of 8, got 100; edit params.yaml"


def test_an_error_of_many_lines_becomes_one():
    assert str(LienetError("first\n   second", got="a\tb")) == "first second, got a b"


def test_a_falsy_value_is_still_shown():
    assert str(LienetError("must be positive", got=0)) == "must be positive, got 0"


def test_every_public_error_is_a_lienet_error():
    public = [thing for name, thing in vars(errors).items() if name.endswith("Error")]
    assert len(public) == 9
    assert all(issubclass(thing, LienetError) for thing in public)
    assert issubclass(ImageError, DataError)


@pytest.mark.parametrize("kind", [LienetError, DataError, errors.ToolError])
def test_errors_survive_the_trip_between_processes(kind: type[LienetError]):
    error = pickle.loads(pickle.dumps(kind("broken", got=3, remedy="mend it")))
    assert type(error) is kind
    assert str(error) == "broken, got 3; mend it"


def test_an_image_error_keeps_its_reason_between_processes():
    error = pickle.loads(pickle.dumps(ImageError("not an image", reason="unreadable", got="x")))
    assert error.reason == "unreadable"
    assert str(error) == "not an image, got x"
