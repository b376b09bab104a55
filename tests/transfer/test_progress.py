"""What a transfer has done is counted, shown and summed up."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from lienet.transfer import progress
from lienet.transfer.progress import Display, Tally
from lienet.transfer.requests import Arrived, Wanted


def arrive(status: str, reason: str = "") -> Arrived:
    return Arrived(Wanted("http://a", "a"), status, reason)


def make_tally(total: int | None = None) -> Tally:
    tally = Tally("photos", total)
    for status, reason in (("fetched", ""), ("missing", "404"), ("refused", "html")):
        tally.count(arrive(status, reason))
    tally.count(arrive("refused", "html"))
    return tally


def test_everything_is_counted_with_its_reason():
    tally = make_tally()
    assert (tally.num_files, tally.num_failed, tally.refused_in_a_row) == (4, 3, 2)
    expected = "1 fetched, 0 resumed, 0 present, 1 missing, 2 refused"
    assert tally.summarize() == f"{expected} (2 refused: html, 1 missing: 404)"
    tally.count(arrive("present"))
    assert tally.refused_in_a_row == 0


def test_the_rate_is_of_bytes_and_files(monkeypatch: pytest.MonkeyPatch):
    tally = make_tally()
    tally.count_bytes(3_000_000)
    monkeypatch.setattr(progress.time, "monotonic", lambda: tally.started_s + 2.0)
    assert tally.describe_rate() == "1.5 MB/s, 2.0 files/s"


def test_off_a_terminal_the_log_says_it_now_and_then(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, logger="lienet.transfer.progress")
    tally = make_tally(total=9)
    with Display(tally) as display:
        for passed_s in (1.0, 31.0, 45.0, 62.0):
            monkeypatch.setattr(
                progress.time, "monotonic", lambda passed_s=passed_s: tally.started_s + passed_s
            )
            display.refresh()
    assert caplog.messages == [
        "photos: 4 of 9 files so far, 0 bytes/s, 0.1 files/s",
        "photos: 4 of 9 files so far, 0 bytes/s, 0.1 files/s",
    ]


def test_on_a_terminal_there_is_a_bar_with_rate_and_time_left(monkeypatch: pytest.MonkeyPatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    tally = make_tally(total=9)
    tally.started_s -= 10.0
    with Display(tally) as display:
        display.refresh()
        display.redraw()
    shown = terminal.getvalue()
    assert "photos: 4 files" in shown
    assert "files/s" in shown
    assert "-:--:--" in shown


def test_a_caller_may_show_it_itself(caplog: pytest.LogCaptureFixture):
    seen: list[int] = []
    tally = make_tally()
    with Display(tally, lambda shown: seen.append(shown.num_files)) as display:
        display.refresh()
    assert seen == [4]
    assert caplog.messages == []
