"""Names and tags of runs tell what they were asked for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flows.labels import describe_run, list_tags

DUE = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({}, "nightly 2026-03-01 02:00"),
        (
            {"profile": "paper", "targets": ["train@sr-lienet", "report"]},
            "nightly paper train@sr-lienet report 2026-03-01 02:00",
        ),
        ({"targets": ["x" * 200]}, f"nightly {'x' * 79}… 2026-03-01 02:00"),
    ],
)
def test_a_run_is_called_by_its_choices_and_when_it_was_due(parameters, name: str):
    assert describe_run("nightly", parameters, DUE) == name


def test_tags_are_the_params_the_targets_and_the_commit():
    assert list_tags("sample", ["train", "report"], "0123456789abcdef") == [
        "profile:sample",
        "train",
        "report",
        "commit:0123456789",
    ]
