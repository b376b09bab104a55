"""What becomes of a file for each way in which a server fails."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from lienet.transfer.batches import FetchResult, RemoteFile, fetch_all
from lienet.transfer.rate_limits import HostLimiter
from lienet.transfer.requests import LOCK_NAME
from tests.transfer.faults import RETRY_AFTER_S, FaultServer, content_of
from tests.transfer.limits import LIMITS

SIZE = 3000
LARGE = 3 * 2**20


def fetch(file: RemoteFile, folder: Path, **changes: object) -> FetchResult:
    """Fetch one file; the folder then holds it alone, or nothing."""
    (result,) = fetch_all([file], folder, LIMITS.model_copy(update=changes))
    found = sorted(path.name for path in folder.iterdir() if path.name != LOCK_NAME)
    assert found == ([file.name] if result.is_stored else [])
    return result


def want(server: FaultServer, script: str, number: int, knows: str = "all", **more) -> RemoteFile:
    """Ask for a file of which we know all, its hash, its size or nothing."""
    size_bytes, kind = more.get("size_bytes", SIZE), more.get("kind", "plain")
    content = content_of(number, size_bytes)
    return RemoteFile(
        url=server.url(script, number, size_bytes, kind),
        name="photo.jpg",
        size_bytes=size_bytes if knows in ("all", "size") else None,
        sha256=hashlib.sha256(content).hexdigest() if knows in ("all", "hash") else None,
        is_image=more.get("is_image", True),
    )


@pytest.mark.parametrize("knows", ["all", "hash", "size", "nothing"])
@pytest.mark.parametrize(
    "script",
    [
        "ok",
        "429.ok",
        "429d.ok",
        "500.502.ok",
        "503.ok",
        "reset.ok",
        "cut.ok",
        "cut.norange",
        "cut.wrongrange.ok",
        "nolength.ok",
        "html.ok",
        "empty.ok",
        "garbage.ok",
        "gzip.ok",
        "redirect",
    ],
)
def test_available_file_is_fetched_despite_faults(
    server: FaultServer, tmp_path: Path, script: str, knows: str
):
    number = 1 + ["all", "hash", "size", "nothing"].index(knows)
    result = fetch(want(server, script, number, knows), tmp_path)
    content = content_of(number, SIZE)
    assert (result.is_stored, result.reason) == (True, "")
    assert result.sha256 == hashlib.sha256(content).hexdigest()
    assert result.size_bytes == SIZE
    assert (tmp_path / "photo.jpg").read_bytes() == content


@pytest.mark.parametrize("script", ["flip.ok", "cut.liar.ok", "cut.flip.ok"])
@pytest.mark.parametrize("kind", ["plain", "goog", "s3"])
def test_corrupted_bytes_are_noticed_by_any_hash(
    server: FaultServer, tmp_path: Path, script: str, kind: str
):
    knows = "all" if kind == "plain" else "nothing"
    result = fetch(want(server, script, 20, knows, kind=kind), tmp_path)
    assert result.is_stored
    assert (tmp_path / "photo.jpg").read_bytes() == content_of(20, SIZE)
    assert bool(result.md5) == (kind != "plain")


@pytest.mark.parametrize(
    ("script", "status", "reason"),
    [
        ("404", "missing", "404"),
        ("410", "missing", "410"),
        ("403", "refused", "status 403"),
        ("500", "refused", "status 500"),
        ("html", "refused", "html"),
        ("empty", "refused", "empty"),
        ("flip", "refused", "wrong sha256"),
        ("reset", "refused", "broken off"),
        ("cut.cut.cut.html", "refused", "html"),
        ("garbage", "refused", "broken off"),
        ("gzip", "refused", "encoded"),
        ("loop", "refused", "too many redirects"),
    ],
)
def test_failure_that_stays_is_named(
    server: FaultServer, tmp_path: Path, script: str, status: str, reason: str
):
    result = fetch(want(server, script, 30, "hash"), tmp_path)
    assert (result.status, result.reason) == (status, reason)
    assert result.detail
    assert "\n" not in result.detail


@pytest.mark.parametrize(
    ("kind", "script", "reason"),
    [("goog", "flip", "wrong md5"), ("s3", "flip", "wrong md5"), ("bare", "nolength", "truncated")],
)
def test_file_without_known_hash_is_verified_by_what_the_server_says(
    server: FaultServer, tmp_path: Path, kind: str, script: str, reason: str
):
    result = fetch(want(server, script, 31, "nothing", kind=kind), tmp_path)
    assert (result.status, result.reason) == ("refused", reason)


def test_final_statuses_are_not_retried(server: FaultServer, tmp_path: Path):
    for script, num_requests in (("403", 1), ("404", 1), ("500", 4), ("html", 4)):
        file = want(server, script, 40)
        fetch(file, tmp_path)
        assert len(server.requests(file.url)) == num_requests, script


def test_broken_transfer_is_continued_if_the_version_is_the_same(
    server: FaultServer, tmp_path: Path
):
    file = want(server, "cut.ok", 50)
    assert fetch(file, tmp_path).status == "resumed"
    first, second = server.requests(file.url)
    assert "range" not in first
    assert (second["range"], second["if-range"]) == (f"bytes={SIZE // 2}-", '"v-50"')


def test_broken_transfer_without_version_and_hash_starts_anew(server: FaultServer, tmp_path: Path):
    file = want(server, "cut.ok", 51, "nothing", kind="bare")
    assert fetch(file, tmp_path).status == "fetched"
    assert "range" not in server.requests(file.url)[1]


def test_server_that_continues_wrongly_is_not_asked_for_ranges_again(
    server: FaultServer, tmp_path: Path
):
    for number, script in ((53, "cut.wrongrange.cut.ok"), (54, "cut.liar.cut.ok")):
        file = want(server, script, number)
        assert fetch(file, tmp_path).status == "fetched"
        asked = ["range" in request for request in server.requests(file.url)]
        assert asked == [False, True, False, False]
        (tmp_path / file.name).unlink()


def test_large_file_may_need_more_pieces_than_retries(server: FaultServer, tmp_path: Path):
    # Each attempt brings half of what is left: the first two are progress, the rest is retries.
    file = want(server, "cut.cut.cut.cut.ok", 52, size_bytes=2 * LARGE)
    result = fetch(file, tmp_path, retries=2)
    assert result.status == "resumed"
    assert (tmp_path / "photo.jpg").read_bytes() == content_of(52, 2 * LARGE)


def test_trickle_and_silence_are_stalls(server: FaultServer, tmp_path: Path):
    for script in ("drip", "silent"):
        result = fetch(want(server, script, 60), tmp_path, retries=0, stall_timeout_s=0.2)
        assert (result.status, result.reason) == ("refused", "stalled")


def test_attempt_ends_at_its_timeout(server: FaultServer, tmp_path: Path):
    file = want(server, "endless", 61, "nothing", kind="bare")
    result = fetch(file, tmp_path, retries=0, total_timeout_s=0.3)
    assert (result.status, result.reason) == ("refused", "timed out")


def test_body_longer_than_expected_is_cut_off(server: FaultServer, tmp_path: Path):
    result = fetch(want(server, "endless", 62), tmp_path, retries=0)
    assert (result.status, result.reason) == ("refused", "wrong size")


def test_pause_that_a_host_asks_for_costs_no_retry(server: FaultServer, tmp_path: Path):
    # More busy answers than retries: they are no failing of the file.
    script = ".".join(["429"] * 5 + ["ok"])
    file = want(server, script, 70)
    assert fetch(file, tmp_path, retries=0).is_stored
    assert len(server.requests(file.url)) == 6


def test_pause_that_a_host_asks_for_holds_for_all_its_files(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pauses: list[float] = []
    monkeypatch.setattr(HostLimiter, "pause", lambda limiter, duration_s: pauses.append(duration_s))
    fetch(want(server, "429.503.500.ok", 72), tmp_path)
    assert pauses == [RETRY_AFTER_S, RETRY_AFTER_S]


def test_host_that_stays_busy_is_given_up(server: FaultServer, tmp_path: Path):
    file = want(server, "503", 71)
    result = fetch(file, tmp_path, total_timeout_s=4 * RETRY_AFTER_S)
    assert (result.status, result.reason) == ("refused", "status 503")
    assert 3 <= len(server.requests(file.url)) <= 6


def test_web_page_in_place_of_a_table_is_refused(server: FaultServer, tmp_path: Path):
    file = want(server, "html.html.html.html", 80, "nothing", is_image=False)
    assert fetch(file, tmp_path).reason == "html"
    assert fetch(want(server, "html.ok", 81, is_image=False), tmp_path).is_stored


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("ftp://127.0.0.1/a", "bad address"),
        ("http://", "bad address"),
        ("nonsense", "bad address"),
        ("http://127.0.0.1:9/a", "cannot connect"),
    ],
)
def test_address_that_leads_nowhere_is_named(tmp_path: Path, address: str, reason: str):
    result = fetch(RemoteFile(address, "photo.jpg"), tmp_path, retries=0)
    assert (result.status, result.reason) == ("refused", reason)
