"""Transfers are resumed, verified and explained, against a server that misbehaves."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from lienet.errors import InputError, TransferError
from lienet.transfer import single_file as http
from lienet.transfer.single_file import fetch_verified
from tests.loopback_http import serve_http

CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HALF = len(CONTENT) // 2


@dataclass
class Plan:
    """What the server does with each request in turn; the last entry goes for all further ones."""

    answers: list[str]
    content: bytes = CONTENT
    etag: str = '"v1"'
    requests: list[dict[str, str]] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    plan: Plan

    def do_GET(self) -> None:
        plan = self.plan
        plan.requests.append({name.lower(): value for name, value in self.headers.items()})
        answer = plan.answers.pop(0) if len(plan.answers) > 1 else plan.answers[0]
        if answer.isdigit():
            self.send_error(int(answer))
        elif answer == "redirect":
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._send(plan, answer)

    def _send(self, plan: Plan, answer: str) -> None:
        start = 0
        asked = self.headers.get("Range")
        if (
            asked
            and answer != "ignore range"
            and self.headers.get("If-Range", plan.etag) == plan.etag
        ):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(plan.content):
            self.send_error(416)
            return
        body = plan.content[start:]
        self.send_response(206 if start else 200)
        if start:
            told = start + 1 if answer == "wrong range" else start
            end = len(plan.content) - 1
            self.send_header("Content-Range", f"bytes {told}-{end}/{len(plan.content)}")
        if answer != "no length":
            self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", plan.etag)
        self.end_headers()
        self.wfile.write(body[: HALF - start] if answer in ("truncate", "no length") else body)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_BACKOFF_S", 0.001)


@pytest.fixture
def plan() -> Plan:
    return Plan(["send"])


@pytest.fixture
def url(plan: Plan) -> Iterator[str]:
    handler = type("PlannedHandler", (Handler,), {"plan": plan})
    with serve_http(handler) as address:
        yield f"{address}/model.onnx"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "model.onnx"


def only_target_is_there(target: Path) -> bool:
    return target.read_bytes() == CONTENT and list(target.parent.iterdir()) == [target]


def test_file_arrives_verified(url: str, plan: Plan, target: Path) -> None:
    assert fetch_verified(url, target, sha256=SHA256, size_bytes=len(CONTENT)) == target
    assert only_target_is_there(target)
    assert "range" not in plan.requests[0]


def test_verified_target_is_not_fetched_again(url: str, plan: Plan, target: Path) -> None:
    fetch_verified(url, target, sha256=SHA256)
    fetch_verified(url, target, sha256=SHA256)
    assert len(plan.requests) == 1


def test_target_that_does_not_verify_is_replaced(url: str, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"stale")
    fetch_verified(url, target, sha256=SHA256)
    assert only_target_is_there(target)


@pytest.mark.parametrize("answer", ["truncate", "no length"])
def test_truncated_body_is_continued(url: str, plan: Plan, target: Path, answer: str) -> None:
    plan.answers[:] = [answer, "send"]
    fetch_verified(url, target, sha256=SHA256, size_bytes=len(CONTENT))
    assert only_target_is_there(target)
    assert plan.requests[1]["range"] == f"bytes={HALF}-"
    assert plan.requests[1]["if-range"] == '"v1"'


def test_later_call_takes_up_what_an_earlier_one_left(url: str, plan: Plan, target: Path) -> None:
    plan.answers[:] = ["truncate", "503"]
    with pytest.raises(TransferError, match="the server answers 503"):
        fetch_verified(url, target, sha256=SHA256)
    assert not target.exists()
    plan.answers[:] = ["send"]
    fetch_verified(url, target, sha256=SHA256)
    assert only_target_is_there(target)
    assert plan.requests[-1]["range"] == f"bytes={HALF}-"


def test_new_version_on_the_server_starts_anew(url: str, plan: Plan, target: Path) -> None:
    plan.answers[:] = ["truncate", "404"]
    plan.content, plan.etag = b"an older version " * 20_000, '"v0"'
    with pytest.raises(TransferError):
        fetch_verified(url, target, sha256=SHA256)
    plan.answers[:], plan.content, plan.etag = ["send"], CONTENT, '"v1"'
    fetch_verified(url, target, sha256=SHA256)
    assert only_target_is_there(target)
    assert plan.requests[-1]["if-range"] == '"v0"'


@pytest.mark.parametrize("answer", ["ignore range", "wrong range"])
def test_range_that_is_not_honoured_starts_anew(
    url: str, plan: Plan, target: Path, answer: str
) -> None:
    plan.answers[:] = ["truncate", answer, "send"]
    fetch_verified(url, target, sha256=SHA256)
    assert only_target_is_there(target)


def test_part_of_other_bytes_is_thrown_away_once(url: str, plan: Plan, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("model.onnx.part").write_bytes(b"x" * HALF)
    fetch_verified(url, target, sha256=SHA256)
    assert only_target_is_there(target)
    assert [request.get("range") for request in plan.requests] == [f"bytes={HALF}-", None]


def test_whole_part_needs_no_server(plan: Plan, url: str, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("model.onnx.part").write_bytes(CONTENT)
    fetch_verified(url, target, sha256=SHA256, size_bytes=len(CONTENT))
    assert only_target_is_there(target)
    assert plan.requests == []


def test_whole_part_of_unknown_size_is_taken(url: str, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("model.onnx.part").write_bytes(CONTENT)
    fetch_verified(url, target, sha256=SHA256)
    assert only_target_is_there(target)


@pytest.mark.parametrize(
    ("size_bytes", "message"),
    [(None, f"expected sha256 {SHA256}, got "), (100, "1000 bytes are offered, expected 100")],
)
def test_wrong_content_is_refused_at_once(
    url: str, plan: Plan, target: Path, size_bytes: int | None, message: str
) -> None:
    plan.content = b"?" * 1000
    with pytest.raises(TransferError, match=message) as caught:
        fetch_verified(url, target, sha256=SHA256, size_bytes=size_bytes)
    assert "\n" not in str(caught.value)
    assert list(target.parent.iterdir()) == []
    assert len(plan.requests) == 1


def test_missing_file_is_refused_at_once(url: str, plan: Plan, target: Path) -> None:
    plan.answers[:] = ["404"]
    secret = url.replace("//", "//user:word@") + "?token=secret"
    with pytest.raises(TransferError) as caught:
        fetch_verified(secret, target, sha256=SHA256)
    message = f"cannot fetch {url}: the server answers 404; try again, or put the file at {target}"
    assert str(caught.value) == message
    assert len(plan.requests) == 1
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("status", ["503", "429", "500"])
def test_passing_failure_is_waited_out(url: str, plan: Plan, target: Path, status: str) -> None:
    plan.answers[:] = [status, "redirect", "send"]
    fetch_verified(url, target, sha256=SHA256)
    assert only_target_is_there(target)


def test_failure_that_stays_gives_up(url: str, plan: Plan, target: Path) -> None:
    plan.answers[:] = ["503"]
    with pytest.raises(TransferError, match="the server answers 503"):
        fetch_verified(url, target, sha256=SHA256)
    assert len(plan.requests) == 4


def test_body_that_stays_short_gives_up(url: str, plan: Plan, target: Path) -> None:
    plan.content = CONTENT[:-1]
    with pytest.raises(TransferError, match="255999 bytes are offered, expected 256000"):
        fetch_verified(url, target, sha256=SHA256, size_bytes=len(CONTENT))


@pytest.mark.parametrize("bad", ["ftp://127.0.0.1/a", "no address", "http://[", "http://"])
def test_address_that_is_none_is_one_line(bad: str, target: Path) -> None:
    with pytest.raises(TransferError, match="cannot fetch") as caught:
        fetch_verified(bad, target, sha256=SHA256)
    assert "\n" not in str(caught.value)


def test_nobody_listening_is_one_line(target: Path) -> None:
    with pytest.raises(TransferError, match=r"cannot fetch http://127\.0\.0\.1:9/a: "):
        fetch_verified("http://127.0.0.1:9/a", target, sha256=SHA256, timeout_s=2.0)


def test_folder_that_cannot_be_is_one_line(url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="cannot write"):
        fetch_verified(url, tmp_path / "file" / "model.onnx", sha256=SHA256)


def test_two_processes_fetch_it_once(url: str, plan: Plan, target: Path) -> None:
    context = multiprocessing.get_context("spawn")
    keywords = {"sha256": SHA256}
    workers = [
        context.Process(target=fetch_verified, args=(url, target), kwargs=keywords)
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert only_target_is_there(target)
    assert len(plan.requests) == 1
