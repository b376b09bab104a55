"""Items pass unchanged; on a terminal there is a bar, elsewhere a line every half minute."""

from __future__ import annotations

import io
import logging
import sys
from itertools import count
from types import SimpleNamespace

import pytest

from lienet import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _eleven_seconds_an_item(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count(step=11)
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))


@pytest.mark.parametrize(
    ("total", "lines"),
    [
        (7, ["photos: 3 of 7 files so far", "photos: 6 of 7 files so far"]),
        (None, ["photos: 3 files so far", "photos: 6 files so far"]),
    ],
)
def test_without_a_terminal_a_line_comes_now_and_then(
    total: int | None, lines: list[str], caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.INFO):
        assert list(progress.watch("abcdefg", "photos", noun="files", total=total)) == [*"abcdefg"]
    assert caplog.messages == lines


@pytest.mark.parametrize(("total", "drawn"), [(7, "100%"), (None, "photos: 7 files")])
def test_on_a_terminal_a_bar_takes_the_place_of_the_lines(
    total: int | None,
    drawn: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with caplog.at_level(logging.INFO):
        assert list(progress.watch("abcdefg", "photos", noun="files", total=total)) == [*"abcdefg"]
    assert drawn in terminal.getvalue()
    assert caplog.messages == []


def test_what_else_is_described_stands_in_the_line_and_beside_the_bar(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    with (
        caplog.at_level(logging.INFO),
        progress.ProgressBar("photos", noun="files", total=7, describe=lambda: "1 MB/s") as bar,
    ):
        for _ in range(3):
            bar.update(2)
    assert caplog.messages == ["photos: 2 of 7 files so far, 1 MB/s"]
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.ProgressBar("photos", noun="files", total=7, describe=lambda: "1 MB/s") as bar:
        bar.update(2)
    assert "1 MB/s" in terminal.getvalue()


def test_what_is_soon_over_shows_no_bar(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "_QUIET_S", 1000.0)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(progress.watch("abc", "photos", noun="files")) == [*"abc"]
    assert "photos" not in terminal.getvalue()


def test_items_are_taken_only_as_they_are_asked_for():
    watched = progress.watch(count(), "numbers", noun="numbers")
    assert [next(watched), next(watched)] == [0, 1]


def test_counts_are_told_once_a_second(monkeypatch: pytest.MonkeyPatch):
    told: list[int] = []
    now_s = iter([0.0, 0.5, 0.99, 1.0, 1.5, 2.25])
    tell = progress.throttle(told.append)
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(now_s)))
    for number in range(1, 7):
        tell(number)
    assert told == [1, 4, 6]
