"""The stage's own words are told from DVC's."""

from __future__ import annotations

import pytest

from flows.stage_output import IS_HINT, LastLine, find_reason

FAILED = (
    "Running stage 'train@a':",
    "> lienet train a",
    "step 20",
    "lienet: the loss is not finite",
    "ERROR: failed to reproduce 'train@a': failed to run: lienet train a, exited with 1",
)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (FAILED, "the loss is not finite"),
        (("ERROR: missing data 'source': a.out",), "ERROR: missing data 'source': a.out"),
        ((), "it printed nothing"),
    ],
)
def test_the_reason_of_a_failure_is_the_stages_own_last_word(lines, reason: str):
    assert find_reason(lines) == reason


def test_hints_of_dvc_are_known_and_a_stages_words_are_not_taken_for_one():
    hints = ("Use `dvc push` to send your updates", "\tgit add dvc.lock", "  ", FAILED[-1])
    hints += ("WARNING: 'data/weights/vgg19' is empty.",)
    assert all(map(IS_HINT.match, hints))
    assert not any(map(IS_HINT.match, FAILED[:-1]))


def test_the_last_line_is_the_stages_own():
    last = LastLine()
    assert str(last).endswith(" UTC: nothing")
    for line in FAILED:
        last.note(line)
    assert str(last).endswith(" UTC: lienet: the loss is not finite")
