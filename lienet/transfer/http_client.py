"""The HTTP client of transfers, over aiohttp: addresses, proxies, redirects and credentials.

What breaks on the way gets a short name, so that many files share one reason. Every file is asked
for by HTTP/1.1.
"""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from types import MappingProxyType
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi
from yarl import URL

import lienet
from lienet.params import Transfer
from lienet.transfer.requests import BrokenRequestError, Fault

_BAD_ADDRESS = "bad address"
_READ_BYTES = 2**18
_KEEP_ALIVE_S = 15.0
_MAX_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS: Mapping[str, str] = MappingProxyType(
    {"User-Agent": f"lienet/{lienet.__version__}", "Accept-Encoding": "identity"}
)
_PLAIN = re.compile(r"https?://[\w.-]+(:\d+)?(/[!$%&'()*+,\-./:;=?@\w~]*)?", re.ASCII)
_KEPT = "!$%&'()*+,/:;=?@[]"
_ERRORS = (aiohttp.ClientError, OSError, ValueError)  # a TimeoutError is an OSError
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientProxyConnectionError, "proxy failed"),
    (aiohttp.ClientHttpProxyError, "proxy failed"),
    (aiohttp.ConnectionTimeoutError, "cannot connect"),
    (aiohttp.ClientConnectorError, "cannot connect"),
    (TimeoutError, "stalled"),
    (ValueError, _BAD_ADDRESS),
    (Exception, "broken off"),
)
"""What an error is called; the first kind that fits."""


def parse_address(url: str) -> URL:
    """Return an address; a plain one as it stands, another percent-encoded where it must be.

    Raises:
        BrokenRequestError: it is no address of http or https.
    """
    try:
        # A plain address, as nearly all are, is spared the reading that costs most.
        parsed = URL(url, encoded=True) if _PLAIN.fullmatch(url) else _encode(url)
        is_fit = parsed.scheme in ("http", "https") and bool(parsed.raw_host)
    except ValueError as error:
        raise BrokenRequestError(Fault(_BAD_ADDRESS, str(error), is_final=True)) from error
    if not is_fit:
        what = f"no http or https address: {url}"
        raise BrokenRequestError(Fault(_BAD_ADDRESS, what, is_final=True))
    return parsed


def _encode(url: str) -> URL:
    """Percent-encode what an address may not hold; what is encoded already stays as it is."""
    split = urlsplit(url)
    path, query = quote(split.path, safe=_KEPT), quote(split.query, safe=_KEPT)
    parsed = URL(split._replace(path=path, query=query).geturl(), encoded=True)
    return parsed.with_host(parsed.raw_host or "")


class Response:
    """A server's answer, its body still on the way."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        """Found in upper or lower case; Google's hashes, which come in several lines, joined."""
        if len(hashes := response.headers.getall("x-goog-hash", [])) > 1:
            joined = response.headers.copy()
            joined["x-goog-hash"] = ",".join(hashes)
            self.headers = joined

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises:
            BrokenRequestError: it breaks off.
        """
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except _ERRORS as error:
            raise _name(error) from error

    def close(self) -> None:
        """Keep the connection if the body was read to its end, else close it."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class HttpClient:
    """Asks for files by GET; to be made and used in one event loop, as a context.

    It follows redirects, goes by the proxies of the environment, sends the credentials of an
    address to that address alone and keeps no cookies.
    """

    def __init__(self, limits: Transfer) -> None:
        self._proxies = getproxies()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            read_bufsize=_READ_BYTES,
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
            timeout=aiohttp.ClientTimeout(
                total=None,
                sock_connect=limits.connect_timeout_s,
                sock_read=limits.stall_timeout_s,
            ),
        )

    async def __aenter__(self) -> HttpClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    @asynccontextmanager
    async def get(
        self, url: URL, headers: Mapping[str, str] = MappingProxyType({})
    ) -> AsyncIterator[Response]:
        """Send a request and yield its answer, whose body is streamed.

        Raises:
            BrokenRequestError: there is no answer, or there are too many redirects.
        """
        for _ in range(_MAX_REDIRECTS + 1):
            response = await self._send(url, headers)
            try:
                if response.status not in _REDIRECTS or "Location" not in response.headers:
                    yield response
                    return
                url = _read_location(url, response.headers["Location"])
            finally:
                response.close()
        what = f"more than {_MAX_REDIRECTS} redirects"
        raise BrokenRequestError(Fault("too many redirects", what))

    async def _send(self, url: URL, headers: Mapping[str, str]) -> Response:
        bare_url, credentials = _split_credentials(url)
        trust = load_certificates() if url.scheme == "https" else True
        try:
            return Response(
                await self._session.get(
                    bare_url,
                    headers={**_HEADERS, **headers, **credentials},
                    allow_redirects=False,
                    proxy=self._find_proxy(url),
                    ssl=trust,
                )
            )
        except _ERRORS as error:
            raise _name(error) from error

    def _find_proxy(self, url: URL) -> str | None:
        """Return the environment's proxy for an address, or None if it is asked directly."""
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if not proxy or proxy_bypass(url.host_port_subcomponent or ""):
            return None
        return proxy if "://" in proxy else f"http://{proxy}"


def _read_location(url: URL, location: str) -> URL:
    try:
        return parse_address(str(url.join(URL(location, encoded=True))))
    except ValueError as error:
        what = f"no address to redirect to: {location}"
        raise BrokenRequestError(Fault(_BAD_ADDRESS, what, is_final=True)) from error


def _split_credentials(url: URL) -> tuple[URL, Mapping[str, str]]:
    """Put the credentials of an address into a header instead."""
    if url.raw_user is None:
        return url, {}
    word = f"{url.user or ''}:{url.password or ''}".encode()
    bare_url = url.with_user(None)
    return bare_url, {"Authorization": f"Basic {base64.b64encode(word).decode()}"}


@cache
def load_certificates() -> ssl.SSLContext:
    """Trust the system's certificates and Mozilla's, as systems may have none of their own."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _name(error: Exception) -> BrokenRequestError:
    """Say in a word or two what broke off."""
    reason = next(word for kind, word in _REASONS if isinstance(error, kind))
    what = str(error) or type(error).__name__
    return BrokenRequestError(Fault(reason, what, is_final=reason == _BAD_ADDRESS))
