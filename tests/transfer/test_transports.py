"""Both transports answer alike, and their libraries' errors get the same names."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import httpx
import pytest
from yarl import URL

from lienet.transfer.batches import fetch_all
from lienet.transfer.requests import BrokenRequestError, Wanted
from lienet.transfer.transports import (
    AiohttpTransport,
    HttpxTransport,
    Transport,
    offers_http2,
)
from tests.transfer import tls_server
from tests.transfer.faults import FaultServer, content_of, serving
from tests.transfer.test_fetching import LIMITS, SIZE
from tests.transfer.tls_server import serving_tls, trusted_by

LIMITS_HTTP2 = LIMITS.model_copy(update={"http2": True})
MAKERS = {
    "aiohttp": lambda: AiohttpTransport(LIMITS),
    "httpx": lambda: HttpxTransport(LIMITS, ""),
}


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with serving() as running:
        yield running


def get(make: Callable[[], Transport], url: str) -> tuple[int, str, bytes]:
    """Return the status, the length that is told and the body."""

    async def run() -> tuple[int, str, bytes]:
        transport = make()
        try:
            answer = await transport.get(URL(url), {"Accept-Encoding": "identity"})
            try:
                body = b"".join([chunk async for chunk in answer.stream()])
                return answer.status, answer.headers.get("content-LENGTH", ""), body
            finally:
                await answer.close()
        finally:
            await transport.close()

    return asyncio.run(run())


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_an_answer_has_a_status_headers_and_a_body(
    server: FaultServer, make: Callable[[], Transport]
):
    assert get(make, server.url("ok", 5, SIZE)) == (200, str(SIZE), content_of(5, SIZE))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_no_redirect_is_followed(server: FaultServer, make: Callable[[], Transport]):
    assert get(make, server.url("redirect", 6, SIZE))[0] == 302


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("reset", "broken off"),
        ("cut", "broken off"),
        ("garbage", "broken off"),
        ("silent", "stalled"),
    ],
)
def test_what_breaks_off_has_one_name(
    server: FaultServer, make: Callable[[], Transport], script: str, reason: str
):
    with pytest.raises(BrokenRequestError) as caught:
        get(make, server.url(script, 7, SIZE))
    assert caught.value.fault.reason == reason
    assert not caught.value.fault.is_final
    assert isinstance(caught.value.__cause__, aiohttp.ClientError | httpx.HTTPError)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_nobody_there_is_told(make: Callable[[], Transport]):
    with pytest.raises(BrokenRequestError) as caught:
        get(make, "http://127.0.0.1:9/a")
    assert caught.value.fault.reason == "cannot connect"


def test_a_proxy_that_is_not_there_is_told():
    with pytest.raises(BrokenRequestError) as caught:
        get(lambda: HttpxTransport(LIMITS, "http://127.0.0.1:9"), "http://a.example/")
    assert caught.value.fault.reason == "cannot connect"


def test_files_come_over_one_http2_connection(tmp_path: Path):
    with serving_tls(tmp_path) as (server, certificate), trusted_by(certificate):
        wanted = [Wanted(server.url(number), f"{number}.jpg") for number in range(20)]
        arrived = list(fetch_all(wanted, tmp_path / "files", LIMITS_HTTP2))
    assert {one.status for one in arrived} == {"fetched"}
    for number in range(20):
        assert (tmp_path / "files" / f"{number}.jpg").read_bytes() == content_of(
            number, tls_server.SIZE
        )
    assert server.protocols == ["h2", "h2"]  # the question whether, and the connection
    assert len(server.paths) == 20


def test_a_host_without_http2_is_asked_by_aiohttp(tmp_path: Path):
    one = ("http/1.1",)
    with serving_tls(tmp_path, protocols=one) as (server, certificate), trusted_by(certificate):
        wanted = [Wanted(server.url(number), f"{number}.jpg") for number in range(3)]
        arrived = list(fetch_all(wanted, tmp_path / "files", LIMITS_HTTP2))
    assert {one.status for one in arrived} == {"fetched"}
    assert set(server.protocols) == {"http/1.1"}


def test_aiohttp_offers_no_http2_after_httpx_did(tmp_path: Path):
    with serving_tls(tmp_path) as (server, certificate), trusted_by(certificate):
        bodies = [
            get(lambda: HttpxTransport(LIMITS_HTTP2, ""), server.url(1))[2],
            get(lambda: AiohttpTransport(LIMITS_HTTP2), server.url(1))[2],
        ]
    assert bodies == [content_of(1, tls_server.SIZE)] * 2
    assert server.protocols == ["h2", "http/1.1"]


@pytest.mark.parametrize(("protocols", "offers"), [(("h2",), True), (("http/1.1",), False)])
def test_a_host_tells_whether_it_speaks_http2(
    tmp_path: Path, protocols: tuple[str, ...], offers: bool
):
    with serving_tls(tmp_path, protocols=protocols) as (server, certificate):
        with trusted_by(certificate):
            assert asyncio.run(offers_http2(URL(server.url(1)), 5.0)) is offers
        assert asyncio.run(offers_http2(URL(server.url(1)), 5.0)) is False  # not trusted


@pytest.mark.parametrize("url", ["https://127.0.0.1:9/", "https://" + "a" * 70 + ".example/"])
def test_a_host_that_is_not_there_offers_nothing(url: str):
    assert asyncio.run(offers_http2(URL(url), 5.0)) is False


def test_a_host_that_does_not_answer_offers_nothing():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = URL(f"https://127.0.0.1:{silent.getsockname()[1]}/")
        assert asyncio.run(offers_http2(url, 0.1)) is False


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path):
    with serving_tls(tmp_path) as (server, _), pytest.raises(BrokenRequestError) as caught:
        get(lambda: AiohttpTransport(LIMITS), server.url(1))
    assert caught.value.fault.reason == "cannot connect"
    assert "certificate" in caught.value.fault.detail
