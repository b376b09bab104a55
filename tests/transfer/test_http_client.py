"""Addresses, redirects, credentials, TLS and proxies; and the names of what breaks off."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote, unquote

import aiohttp
import pytest

from lienet.transfer.http_client import HttpClient, parse_address
from lienet.transfer.requests import BrokenRequestError
from tests.loopback_http import serve_http
from tests.transfer.faults import FaultServer, content_of, serving
from tests.transfer.limits import LIMITS
from tests.transfer.test_fetching import SIZE
from tests.transfer.tls_server import serve_https, trusting


class Recorder(BaseHTTPRequestHandler):
    """Answers any request, as origin or proxy, with what it was asked; ``/to?…`` redirects."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = f"{self.path}\n{self.headers}".encode()
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", unquote(self.path[4:]))
        else:
            self.send_response(200)
        self.send_header("Set-Cookie", "seen=1")
        self.send_header("x-goog-hash", "crc32c=AAAAAA==")
        self.send_header("x-goog-hash", "md5=BBBBBB==")
        self.send_header("Content-Length", str(len(asked)))
        self.end_headers()
        self.wfile.write(asked)


class TunnelProxy(BaseHTTPRequestHandler):
    """A proxy for HTTPS, by CONNECT, that asks for credentials."""

    protocol_version = "HTTP/1.1"

    def do_CONNECT(self) -> None:
        if self.headers.get("Proxy-Authorization") != "Basic dXNlcjp3b3Jk":
            self.send_error(407)
            return
        host, port = self.path.split(":")
        with socket.create_connection((host, int(port))) as origin:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_copy, args=(origin, self.connection))
            back.start()
            _copy(self.connection, origin)
            back.join()
        self.close_connection = True


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(2**16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with serve_http(Recorder) as url:
        yield url.removeprefix("http://")


@pytest.fixture(scope="module")
def fault_server() -> Iterator[FaultServer]:
    with serving() as running:
        yield running


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names no proxy."""
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name.upper()}_PROXY", raising=False)
    return monkeypatch


def get(*urls: str) -> list[str]:
    """Return the bodies."""
    return [body.decode() for _, _, body in get_all(*urls)]


def get_all(*urls: str) -> list[tuple[int, dict[str, str], bytes]]:
    """Return statuses, headers and bodies, asked for by one client."""

    async def run() -> list[tuple[int, dict[str, str], bytes]]:
        answers = []
        async with HttpClient(LIMITS) as client:
            for url in urls:
                async with client.get(parse_address(url)) as response:
                    body = b"".join([chunk async for chunk in response.stream()])
                    answers.append((response.status, dict(response.headers), body))
        return answers

    return asyncio.run(run())


def test_response_has_status_headers_and_body(fault_server: FaultServer):
    ((status, headers, body),) = get_all(fault_server.url("ok", 5, SIZE))
    assert (status, headers["Content-Length"], body) == (200, str(SIZE), content_of(5, SIZE))


def test_google_s_hashes_in_several_headers_are_joined(address: str):
    ((_, headers, _),) = get_all(f"http://{address}/a")
    assert headers["x-goog-hash"] == "crc32c=AAAAAA==,md5=BBBBBB=="


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("reset", "broken off"),
        ("cut", "broken off"),
        ("garbage", "broken off"),
        ("silent", "stalled"),
    ],
)
def test_broken_response_is_named(fault_server: FaultServer, script: str, reason: str):
    with pytest.raises(BrokenRequestError) as caught:
        get(fault_server.url(script, 7, SIZE))
    assert (caught.value.fault.reason, caught.value.fault.is_final) == (reason, False)
    assert isinstance(caught.value.__cause__, aiohttp.ClientError)


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
def test_address_that_cannot_be_asked_is_named(url: str, reason: str, is_final: bool):
    with pytest.raises(BrokenRequestError) as caught:
        get(url)
    assert (caught.value.fault.reason, caught.value.fault.is_final) == (reason, is_final)


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
def test_address_is_encoded_only_where_it_must_be(url: str, sent: str):
    assert str(parse_address(url)) == sent


def test_credentials_go_into_a_header_and_cookies_are_dropped(address: str):
    first, second = get(f"http://user:word@{address}/a%20b?c=d%2Fe", f"http://{address}/c")
    assert first.startswith("/a%20b?c=d%2Fe\n")
    assert "authorization: basic dxnlcjp3b3jk" in first.lower()
    assert f"host: {address}\n" in first.lower().replace("\r", "")
    assert "authorization" not in second.lower()
    assert "cookie" not in second.lower()
    assert "accept-encoding: identity" in second.lower()
    assert "user-agent: lienet/" in second.lower()


@pytest.mark.parametrize(
    ("location", "path"),
    [("/b?c=%2F", "/b?c=%2F"), ("d/e f", "/d/e%20f"), ("//{address}/h", "/h")],
)
def test_redirect_may_be_relative(address: str, location: str, path: str):
    (text,) = get(f"http://{address}/to?{quote(location.format(address=address), safe='')}")
    assert text.startswith(f"{path}\n")


def test_credentials_do_not_follow_a_redirect(address: str):
    (text,) = get(f"http://user:word@{address}/to?{quote(f'http://{address}/b', safe='')}")
    assert text.startswith("/b\n")
    assert "authorization" not in text.lower()


@pytest.mark.parametrize("location", ["http://[::1/a", "ftp://a.example/b"])
def test_redirect_to_a_bad_address_is_named(address: str, location: str):
    with pytest.raises(BrokenRequestError) as caught:
        get(f"http://{address}/to?{quote(location, safe='')}")
    assert caught.value.fault.reason == "bad address"


@pytest.mark.usefixtures("environment")
def test_https_is_spoken_with_a_trusted_server(tmp_path: Path):
    with serve_https(Recorder, tmp_path) as (url, certificate), trusting(certificate):
        assert get(f"{url}/a")[0].startswith("/a\n")


@pytest.mark.usefixtures("environment")
def test_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path):
    with serve_https(Recorder, tmp_path) as (url, _), pytest.raises(BrokenRequestError) as caught:
        get(f"{url}/a")
    assert caught.value.fault.reason == "cannot connect"
    assert "certificate" in caught.value.fault.detail


@pytest.mark.parametrize("form", ["http://{}", "{}"])
@pytest.mark.parametrize("name", ["http_proxy", "all_proxy"])
def test_proxy_of_the_environment_is_used(
    environment: pytest.MonkeyPatch, address: str, name: str, form: str
):
    environment.setenv(name, form.format(address))
    (by_proxy,) = get("http://photos.example/a.jpg")
    assert by_proxy.startswith("http://photos.example/a.jpg\n")


def test_proxy_is_bypassed_for_its_exceptions(environment: pytest.MonkeyPatch, address: str):
    environment.setenv("http_proxy", "http://127.0.0.1:9")
    environment.setenv("no_proxy", "127.0.0.1")
    assert get(f"http://{address}/b.jpg")[0].startswith("/b.jpg\n")


def test_http_proxy_is_not_used_for_https(environment: pytest.MonkeyPatch, tmp_path: Path):
    environment.setenv("http_proxy", "http://127.0.0.1:9")
    with serve_https(Recorder, tmp_path) as (url, certificate), trusting(certificate):
        assert get(f"{url}/a")[0].startswith("/a\n")


def test_https_goes_through_a_proxy_with_credentials(
    environment: pytest.MonkeyPatch, tmp_path: Path
):
    with (
        serve_http(TunnelProxy) as proxy,
        serve_https(Recorder, tmp_path) as (url, certificate),
        trusting(certificate),
    ):
        environment.setenv("https_proxy", proxy.replace("//", "//user:word@"))
        (text,) = get(f"{url}/a")
        assert text.startswith("/a\n")
        assert "proxy-authorization" not in text.lower()  # the origin does not see them
        environment.setenv("https_proxy", proxy)
        with pytest.raises(BrokenRequestError) as caught:
            get(f"{url}/a")
    assert caught.value.fault.reason == "proxy failed"


def test_proxy_that_is_not_there_is_named(environment: pytest.MonkeyPatch):
    environment.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(BrokenRequestError) as caught:
        get("http://photos.example/a.jpg")
    assert caught.value.fault.reason == "proxy failed"
