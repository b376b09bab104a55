"""Labels of Open Images are meant by id; groups stand for what shows or names a person."""

from __future__ import annotations

import shlex

import pytest
from pydantic import TypeAdapter, ValidationError

from lienet.params.open_images_labels import LABEL_GROUPS, Label, expand_labels

CAR_NAMED_PASSPORT = "/m/04rtyk"


def test_groups_stand_for_their_ids_among_ids() -> None:
    people = expand_labels(["people"])
    assert {"/m/01g317", "/m/0dzct", "/m/014cnc"} <= people
    assert len(people) == 31
    both = expand_labels(["people", "personal_information", "/m/0bt9lr"])
    assert both == people | set(LABEL_GROUPS["personal_information"]) | {"/m/0bt9lr"}
    assert len(both) == 31 + 16 + 1
    assert expand_labels([]) == frozenset()


def test_the_car_named_passport_is_no_identity_document() -> None:
    assert CAR_NAMED_PASSPORT not in expand_labels(["people", "personal_information"])


def test_no_id_is_in_two_groups() -> None:
    assert not set(LABEL_GROUPS["people"]) & set(LABEL_GROUPS["personal_information"])


@pytest.mark.parametrize("name", ["House", "Tree house", "/m/", "/x/01", "/m/01 ", "People"])
def test_a_name_that_is_no_machine_id_is_told_how_to_find_one(name: str) -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(Label).validate_python(name)
    (error,) = raised.value.errors()
    assert error["msg"].endswith(f"see `lienet labels {shlex.quote(name)}`")
    for label in ("people", "personal_information", "/m/01g317", "/g/11c52_"):
        assert TypeAdapter(Label).validate_python(label) == label
