"""Both transports answer alike, and their libraries' errors get the same names."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import aiohttp
import httpx
import pytest
from yarl import URL

from lienet.sources.transports import AiohttpTransport, HttpxTransport, Transport
from lienet.sources.wanted import BrokenRequestError
from tests.sources.faults import FaultServer, content_of, serving
from tests.sources.test_fetching import LIMITS, SIZE

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
