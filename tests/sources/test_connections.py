"""Each address goes its way: direct, by a proxy of the environment, or over HTTP/2."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from lienet.sources.connections import AiohttpTransport, Client, Routes
from tests.sources.test_fetching import LIMITS


class Recorder(BaseHTTPRequestHandler):
    """Answers any request, as origin or proxy, with what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        told = f"{self.path}\n{self.headers}".encode()
        self.send_response(200)
        self.send_header("Set-Cookie", "seen=1")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def get(*urls: str) -> list[str]:
    async def run() -> list[str]:
        texts = []
        async with Client(LIMITS) as client:
            for url in urls:
                async with client.stream(httpx.URL(url)) as answer:
                    texts.append((await answer.aread()).decode())
        return texts

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("url", "http2", "kind"),
    [
        ("http://a.example/", False, AiohttpTransport),
        ("https://a.example/", False, AiohttpTransport),
        ("http://a.example/", True, AiohttpTransport),
        ("https://a.example/", True, httpx.AsyncHTTPTransport),
    ],
)
def test_only_https_may_be_http2(url: str, http2: bool, kind: type):
    assert isinstance(Routes(http2=http2, proxies={}).choose(httpx.URL(url)), kind)


@pytest.mark.parametrize(
    ("proxies", "url", "is_direct"),
    [
        ({"http": "http://p:1"}, "http://a.example/", False),
        ({"http": "http://p:1"}, "https://a.example/", True),
        ({"https": "http://p:1"}, "https://a.example/", False),
        ({"all": "http://p:1"}, "https://a.example/", False),
    ],
)
def test_a_proxy_is_used_for_what_it_is_named_for(
    monkeypatch: pytest.MonkeyPatch, proxies: dict[str, str], url: str, is_direct: bool
):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    chosen = Routes(http2=False, proxies=proxies).choose(httpx.URL(url))
    assert isinstance(chosen, AiohttpTransport) == is_direct


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
    ("url", "kind"),
    [
        ("http://127.0.0.1:9/a", httpx.ConnectError),
        ("ftp://127.0.0.1/a", httpx.UnsupportedProtocol),
        ("http:///a", httpx.UnsupportedProtocol),
    ],
)
def test_errors_are_those_of_httpx(url: str, kind: type[Exception]):
    with pytest.raises(kind):
        get(url)
