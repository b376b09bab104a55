"""Files are counted with the reasons of those that are not there, and bytes with their rate."""

from __future__ import annotations

import pytest

from lienet.transfer import tally as module
from lienet.transfer.requests import FetchResult, RemoteFile
from lienet.transfer.tally import Tally


def result(status: str, reason: str = "") -> FetchResult:
    return FetchResult(RemoteFile("http://a", "a"), status, reason)


def make_tally() -> Tally:
    tally = Tally()
    for status, reason in (("fetched", ""), ("missing", "404"), ("refused", "html")):
        tally.count(result(status, reason))
    tally.count(result("refused", "html"))
    return tally


def test_files_are_counted_with_their_reasons():
    tally = make_tally()
    assert (tally.num_files, tally.num_failed, tally.refused_in_a_row) == (4, 3, 2)
    expected = "1 fetched, 0 resumed, 0 present, 1 missing, 2 refused"
    assert tally.summarize() == f"{expected} (2 refused: html, 1 missing: 404)"
    tally.count(result("present"))
    assert tally.refused_in_a_row == 0


def test_rate_is_of_bytes_and_files(monkeypatch: pytest.MonkeyPatch):
    tally = make_tally()
    tally.count_bytes(3_000_000)
    monkeypatch.setattr(module.time, "monotonic", lambda: tally.started_s + 2.0)
    assert tally.describe_rate() == "1.5 MB/s, 2.0 files/s"
