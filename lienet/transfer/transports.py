"""The two ways in which a request travels, behind one face; what breaks on it gets a short reason.

Direct HTTP/1.1 goes by aiohttp, whose parser is compiled: httpx takes several times as long for
each request. Proxies, and hosts that speak HTTP/2, go by httpx.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from functools import cache
from typing import Protocol

import aiohttp
import httpx
from yarl import URL

from lienet.params import Transfer
from lienet.transfer.requests import BrokenRequestError, Fault

_READ_BYTES = 2**18
_KEEP_ALIVE_S = 15.0
_AIOHTTP_ERRORS = (aiohttp.ClientError, OSError, ValueError)  # a TimeoutError is an OSError
_HTTPX_ERRORS = (httpx.HTTPError, httpx.InvalidURL)
_BAD_ADDRESS = "bad address"
_HTTP1 = ("http/1.1",)
_HTTP1_OR_2 = ("http/1.1", "h2")
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ConnectionTimeoutError, "cannot connect"),
    (aiohttp.ClientConnectorError, "cannot connect"),
    (httpx.ConnectTimeout, "cannot connect"),
    (httpx.ConnectError, "cannot connect"),
    (httpx.ProxyError, "proxy failed"),
    (httpx.UnsupportedProtocol, _BAD_ADDRESS),
    (httpx.InvalidURL, _BAD_ADDRESS),
    (TimeoutError, "stalled"),
    (httpx.TimeoutException, "stalled"),
    (ValueError, _BAD_ADDRESS),
    (Exception, "broken off"),
)
"""What an error of either library is called; the first kind that fits."""


class Answer(Protocol):
    """What a server answers, its body still on the way."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Found by any spelling of their names."""
        ...

    def stream(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises:
            BrokenRequestError: it breaks off.
        """
        ...

    async def close(self) -> None:
        """Keep the connection if the body was read to its end, else close it."""
        ...


class Transport(Protocol):
    """Sends requests without a body, in one event loop; follows no redirect, keeps no cookie."""

    async def get(self, url: URL, headers: Mapping[str, str]) -> Answer:
        """Send a GET and return the answer.

        Raises:
            BrokenRequestError: there is none.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class AiohttpTransport:
    """HTTP/1.1, direct."""

    def __init__(self, limits: Transfer) -> None:
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

    async def get(self, url: URL, headers: Mapping[str, str]) -> Answer:
        """Send a GET and return the answer."""
        trust = _trusted(_HTTP1) if url.scheme == "https" else True
        try:
            return _AiohttpAnswer(
                await self._session.get(url, headers=headers, allow_redirects=False, ssl=trust)
            )
        except _AIOHTTP_ERRORS as error:
            raise _name(error) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()


class _AiohttpAnswer:
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    async def stream(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except _AIOHTTP_ERRORS as error:
            raise _name(error) from error

    async def close(self) -> None:
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class HttpxTransport:
    """By a proxy, or HTTP/2 where the server offers it."""

    def __init__(self, limits: Transfer, proxy: str) -> None:
        self._transport = httpx.AsyncHTTPTransport(
            verify=_trusted(_HTTP1_OR_2 if limits.http2 else _HTTP1),
            http2=limits.http2,
            proxy=proxy or None,
            limits=httpx.Limits(keepalive_expiry=_KEEP_ALIVE_S),
        )
        waits = httpx.Timeout(limits.stall_timeout_s, connect=limits.connect_timeout_s, pool=None)
        self._extensions = {"timeout": waits.as_dict()}

    async def get(self, url: URL, headers: Mapping[str, str]) -> Answer:
        """Send a GET and return the answer."""
        try:
            request = httpx.Request("GET", str(url), headers=headers, extensions=self._extensions)
            return _HttpxAnswer(await self._transport.handle_async_request(request), request)
        except _HTTPX_ERRORS as error:
            raise _name(error) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.aclose()


class _HttpxAnswer:
    def __init__(self, response: httpx.Response, request: httpx.Request) -> None:
        response.request = request
        self._response = response
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def stream(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.aiter_raw():
                yield chunk
        except _HTTPX_ERRORS as error:
            raise _name(error) from error

    async def close(self) -> None:
        await self._response.aclose()


async def offers_http2(url: URL, timeout_s: float) -> bool:
    """Tell whether a host would speak HTTP/2, by a handshake; one that cannot be reached would not.

    Args:
        url: an https address.
        timeout_s: how long the handshake may take.
    """
    trust = _trusted(_HTTP1_OR_2)
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(url.raw_host, url.port, ssl=trust)
    except (OSError, ValueError):  # a TimeoutError is an OSError; a host's name may be none
        return False
    offered: str | None = writer.get_extra_info("ssl_object").selected_alpn_protocol()
    writer.transport.abort()
    return offered == "h2"


@cache
def _trusted(protocols: tuple[str, ...]) -> ssl.SSLContext:
    """Load the trusted certificates once, and only for an address that needs them.

    Contexts are kept apart by what they offer: one that offers HTTP/2 would get it.
    """
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(protocols)
    return context


def _name(error: Exception) -> BrokenRequestError:
    """Say in a word or two what broke off, so that many files share one reason."""
    reason = next(word for kind, word in _REASONS if isinstance(error, kind))
    what = str(error) or type(error).__name__
    return BrokenRequestError(Fault(reason, what, is_final=reason == _BAD_ADDRESS))
