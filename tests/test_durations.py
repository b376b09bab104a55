"""How long each entry took is noted beside its outputs, and a failed one leaves no note."""

from __future__ import annotations

import time

import pytest

from lienet.durations import noting_duration, read_durations
from lienet.files import write_json
from lienet.workspace import Workspace


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """A workspace whose params have the models a and b."""
    made = Workspace(tmp_path)
    for item in ("a", "b"):
        write_json(made.resolved_path("train", item), {})
    return made


def test_what_ran_is_noted_in_seconds_and_read_back(workspace: Workspace):
    for item in ("b", "a"):
        with noting_duration(workspace, "train", item, starts_process=False):
            time.sleep(0.05)
    noted = read_durations(workspace)
    assert [each.item for each in noted] == ["a", "b"]
    assert all(each.seconds >= 0.05 and each.processor_s < each.seconds for each in noted)


def test_what_is_no_longer_in_params_is_left_out(workspace: Workspace):
    for stage, item in (("train", "gone"), ("code", "code")):
        with noting_duration(workspace, stage, item, starts_process=False):
            pass
    assert [each.stage for each in read_durations(workspace)] == ["code"]


def test_imports_before_the_first_item_count(workspace: Workspace):
    while time.process_time() < 0.2:
        pass
    with noting_duration(workspace, "train", "a", starts_process=True):
        pass
    (noted,) = read_durations(workspace)
    assert noted.seconds >= 0.2
    assert noted.processor_s >= 0.2


def test_a_failed_entry_leaves_no_note(workspace: Workspace):
    with (
        pytest.raises(KeyError),
        noting_duration(workspace, "train", "a", starts_process=False),
    ):
        raise KeyError
    assert read_durations(workspace) == []
