"""The HTTP client that transfers use: httpx, over the fastest transport that fits the way.

Direct HTTP/1.1 goes through aiohttp, whose parser is compiled: httpx's own transport takes several
times as long for each request. Proxies named in the environment, and HTTP/2 where it is asked for
and offered, go through httpx's own.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from types import MappingProxyType
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from yarl import URL

import lienet
from lienet.params import Transfer

_READ_BYTES = 2**18
_MAX_REDIRECTS = 10
_KEEP_ALIVE_S = 15.0
_USER_AGENT = f"lienet/{lienet.__version__}"
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Client:
    """Asks for files by GET over httpx's transports; to be used in one event loop.

    It follows redirects, sends the credentials of an address to that address alone and keeps no
    cookies. ``httpx.AsyncClient`` does as much, and more that costs a quarter of a small file.
    """

    def __init__(self, limits: Transfer) -> None:
        self._routes = Routes(http2=limits.http2, proxies=getproxies())
        waits = httpx.Timeout(limits.stall_timeout_s, connect=limits.connect_timeout_s, pool=None)
        self._extensions = {"timeout": waits.as_dict()}

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._routes.aclose()

    @asynccontextmanager
    async def stream(
        self, url: httpx.URL, headers: Mapping[str, str] = _NO_HEADERS
    ) -> AsyncIterator[httpx.Response]:
        """Send a request and yield its answer, whose body is streamed.

        Raises:
            httpx.HTTPError: the transport fails, or there are too many redirects.
        """
        for _ in range(_MAX_REDIRECTS + 1):
            if url.scheme not in ("http", "https") or not url.host:
                raise httpx.UnsupportedProtocol(f"no http or https address: {url}")
            request = httpx.Request(
                "GET", url, headers=_join(url, headers), extensions=self._extensions
            )
            answer = await self._routes.handle_async_request(request)
            answer.request = request
            try:
                if not answer.has_redirect_location:
                    yield answer
                    return
                url = _read_location(url, answer)
            finally:
                await answer.aclose()
        raise httpx.TooManyRedirects(f"more than {_MAX_REDIRECTS} redirects")


def _join(url: httpx.URL, headers: Mapping[str, str]) -> dict[str, str]:
    joined = {"User-Agent": _USER_AGENT, "Accept-Encoding": "identity", **headers}
    if url.userinfo:
        word = f"{url.username}:{url.password}".encode()
        joined["Authorization"] = f"Basic {base64.b64encode(word).decode()}"
    return joined


def _read_location(url: httpx.URL, answer: httpx.Response) -> httpx.URL:
    try:
        return url.join(answer.headers["Location"])
    except httpx.InvalidURL as error:
        raise httpx.RemoteProtocolError(f"no address to redirect to: {error}") from error


class Routes(httpx.AsyncBaseTransport):
    """Sends each request over the transport that fits its address."""

    def __init__(self, *, http2: bool, proxies: dict[str, str]) -> None:
        self._http2 = http2
        self._proxies = proxies
        self._direct = AiohttpTransport()
        self._usual: dict[str, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request on its way."""
        return await self.choose(request.url).handle_async_request(request)

    def choose(self, url: httpx.URL) -> httpx.AsyncBaseTransport:
        """Return the transport for an address."""
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all") or ""
        if proxy and proxy_bypass(url.netloc.decode("ascii")):
            proxy = ""
        if not proxy and not (self._http2 and url.scheme == "https"):
            return self._direct
        if proxy not in self._usual:
            self._usual[proxy] = httpx.AsyncHTTPTransport(
                verify=_trusted(),
                http2=self._http2,
                proxy=proxy or None,
                limits=httpx.Limits(keepalive_expiry=_KEEP_ALIVE_S),
            )
        return self._usual[proxy]

    async def aclose(self) -> None:
        """Close every connection."""
        for transport in (self._direct, *self._usual.values()):
            await transport.aclose()


class AiohttpTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 by aiohttp, with httpx's requests, answers and errors. It sends no bodies."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body is streamed."""
        url = request.url
        if url.userinfo:  # it is in a header
            url = url.copy_with(userinfo=b"")
        waits = request.extensions.get("timeout", {})
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=waits.get("connect"), sock_read=waits.get("read")
        )
        with _as_httpx_errors(request):
            answer = await self._open_session().request(
                request.method,
                URL(str(url), encoded=True),
                headers=request.headers.multi_items(),
                allow_redirects=False,
                timeout=timeout,
                ssl=_trusted() if url.scheme == "https" else True,
            )
        return httpx.Response(
            answer.status,
            headers=list(answer.raw_headers),
            stream=_Body(answer, request),
            request=request,
            extensions={"http_version": b"HTTP/1.1"},
        )

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:  # it belongs to the event loop that it is made in
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                read_bufsize=_READ_BYTES,
                skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
            )
        return self._session


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx_errors(self._request):
            async for chunk in self._answer.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        if self._answer.content.at_eof():
            self._answer.release()
        else:
            self._answer.close()


@cache
def _trusted() -> ssl.SSLContext:
    """Load the trusted certificates once, and only for an address that needs them."""
    return httpx.create_ssl_context()


@contextmanager
def _as_httpx_errors(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except (aiohttp.InvalidURL, ValueError) as error:
        raise httpx.UnsupportedProtocol(str(error), request=request) from error
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout("connecting took too long", request=request) from error
    except (aiohttp.ServerTimeoutError, TimeoutError) as error:
        raise httpx.ReadTimeout("no more bytes came", request=request) from error
    except (aiohttp.ClientConnectorError, aiohttp.ClientProxyConnectionError) as error:
        raise httpx.ConnectError(str(error), request=request) from error
    except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
        raise httpx.RemoteProtocolError(str(error), request=request) from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx.ReadError(str(error) or type(error).__name__, request=request) from error
