"""Each address goes its way: direct, by a proxy of the environment, or over HTTP/2."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from yarl import URL

from lienet.transfer.connections import Client, parse_address
from lienet.transfer.requests import BrokenRequestError
from lienet.transfer.transports import AiohttpTransport, HttpxTransport
from tests.loopback_http import serve_http
from tests.transfer.test_fetching import LIMITS
from tests.transfer.tls_server import serving_tls, trusted_by


class Recorder(BaseHTTPRequestHandler):
    """Answers any request, as origin or proxy, with what it was asked; ``/to?…`` redirects."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        told = f"{self.path}\n{self.headers}".encode()
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", unquote(self.path[4:]))
        else:
            self.send_response(200)
        self.send_header("Set-Cookie", "seen=1")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)


@pytest.fixture
def address() -> Iterator[str]:
    with serve_http(Recorder) as url:
        yield url.removeprefix("http://")


def get(*urls: str) -> list[str]:
    async def run() -> list[str]:
        texts = []
        async with Client(LIMITS) as client:
            for url in urls:
                async with client.get(parse_address(url)) as answer:
                    texts.append(b"".join([chunk async for chunk in answer.stream()]).decode())
        return texts

    return asyncio.run(run())


def choose(url: str, *, http2: bool = False) -> type:
    async def run() -> type:
        async with Client(LIMITS.model_copy(update={"http2": http2})) as client:
            return type(await client.choose(URL(url)))

    return asyncio.run(run())


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name.upper()}_PROXY", raising=False)
    return monkeypatch


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize("url", ["http://a.example/", "https://a.example/"])
def test_without_http2_nobody_is_asked_whether_they_speak_it(url: str):
    assert choose(url) is AiohttpTransport


@pytest.mark.usefixtures("no_proxies")
def test_http2_is_spoken_where_it_is_offered(tmp_path: Path):
    with serving_tls(tmp_path) as (server, certificate), trusted_by(certificate):
        assert choose(server.url(1), http2=True) is HttpxTransport
        assert choose(server.url(1).replace("https:", "http:"), http2=True) is AiohttpTransport
    assert server.protocols == ["h2"]


@pytest.mark.usefixtures("no_proxies")
def test_many_requests_ask_a_host_once_what_it_offers(tmp_path: Path):
    async def run() -> set[type]:
        async with Client(LIMITS.model_copy(update={"http2": True})) as client:
            url = URL(server.url(1))
            chosen = await asyncio.gather(*[client.choose(url) for _ in range(20)])
            return {type(transport) for transport in chosen}

    with serving_tls(tmp_path) as (server, certificate), trusted_by(certificate):
        assert asyncio.run(run()) == {HttpxTransport}
    assert server.protocols == ["h2"]


@pytest.mark.parametrize(
    ("named", "url", "kind"),
    [
        ("http", "http://a.example/", HttpxTransport),
        ("http", "https://a.example/", AiohttpTransport),
        ("https", "https://a.example/", HttpxTransport),
        ("all", "https://a.example/", HttpxTransport),
    ],
)
def test_a_proxy_is_used_for_what_it_is_named_for(
    no_proxies: pytest.MonkeyPatch, named: str, url: str, kind: type
):
    no_proxies.setenv(f"{named}_proxy", "http://p:1")
    assert choose(url) is kind


def test_the_environment_s_proxy_is_asked_and_its_exceptions_are_not(
    monkeypatch: pytest.MonkeyPatch, address: str
):
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://{address}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    by_proxy, direct = get("http://photos.example/a.jpg", f"http://{address}/b.jpg")
    assert by_proxy.startswith("http://photos.example/a.jpg\n")
    assert direct.startswith("/b.jpg\n")


def test_credentials_go_into_a_header_and_cookies_nowhere(address: str):
    first, second = get(f"http://user:word@{address}/a%20b?c=d%2Fe", f"http://{address}/c")
    assert first.startswith("/a%20b?c=d%2Fe\n")
    assert "authorization: basic dxnlcjp3b3jk" in first.lower()
    assert f"host: {address}\n" in first.lower().replace("\r", "")
    assert "authorization" not in second.lower()
    assert "cookie" not in second.lower()
    assert "accept-encoding: identity" in second.lower()
    assert "user-agent: lienet/" in second.lower()


@pytest.mark.parametrize(
    ("url", "reason", "is_final"),
    [
        ("http://127.0.0.1:9/a", "cannot connect", False),
        ("ftp://127.0.0.1/a", "bad address", True),
        ("http:///a", "bad address", True),
        ("http://[::1/a", "bad address", True),
        ("photo.jpg", "bad address", True),
    ],
)
def test_what_cannot_be_asked_is_named(url: str, reason: str, is_final: bool):
    with pytest.raises(BrokenRequestError) as caught:
        get(url)
    assert (caught.value.fault.reason, caught.value.fault.is_final) == (reason, is_final)


@pytest.mark.parametrize(
    ("location", "path"),
    [("/b?c=%2F", "/b?c=%2F"), ("d/e f", "/d/e%20f"), ("//{address}/h", "/h")],
)
def test_a_redirect_may_be_relative(address: str, location: str, path: str):
    (text,) = get(f"http://{address}/to?{quote(location.format(address=address), safe='')}")
    assert text.startswith(f"{path}\n")


def test_credentials_stay_behind_at_a_redirect(address: str):
    (text,) = get(f"http://user:word@{address}/to?{quote(f'http://{address}/b', safe='')}")
    assert text.startswith("/b\n")
    assert "authorization" not in text.lower()


@pytest.mark.parametrize("location", ["http://[::1/a", "ftp://a.example/b"])
def test_a_redirect_to_no_address_is_told(address: str, location: str):
    with pytest.raises(BrokenRequestError) as caught:
        get(f"http://{address}/to?{quote(location, safe='')}")
    assert caught.value.fault.reason == "bad address"


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://a.example/b%2Fc?d=e%2Ff&g=%41", "http://a.example/b%2Fc?d=e%2Ff&g=%41"),
        ("https://a.example/grüße", "https://a.example/gr%C3%BC%C3%9Fe"),
        ("https://a.example/a b", "https://a.example/a%20b"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://user:p%40ss@a.example:81/", "http://user:p%40ss@a.example:81/"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
    ],
)
def test_an_address_is_asked_as_it_is_written(url: str, sent: str):
    assert str(parse_address(url)) == sent
