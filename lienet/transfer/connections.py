"""The HTTP client that transfers use: addresses, redirects, credentials and proxies.

How a request travels is the transports'.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from urllib.request import getproxies, proxy_bypass

import httpx
from yarl import URL

import lienet
from lienet.params import Transfer
from lienet.transfer.requests import BrokenRequestError, Fault
from lienet.transfer.transports import (
    AiohttpTransport,
    Answer,
    HttpxTransport,
    Transport,
    offers_http2,
)

_BAD_ADDRESS = "bad address"
_MAX_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS: Mapping[str, str] = MappingProxyType(
    {"User-Agent": f"lienet/{lienet.__version__}", "Accept-Encoding": "identity"}
)
_PLAIN = re.compile(r"https?://[\w.-]+(:\d+)?(/[!$%&'()*+,\-./:;=?@\w~]*)?", re.ASCII)


def parse_address(url: str) -> URL:
    """Return an address, what it must not hold percent-encoded, the rest as it stands.

    Raises:
        BrokenRequestError: it is no address of http or https.
    """
    try:
        # A plain address, as nearly all are, is spared the reading that costs most.
        parsed = URL(url if _PLAIN.fullmatch(url) else str(httpx.URL(url)), encoded=True)
        is_fit = parsed.scheme in ("http", "https") and bool(parsed.raw_host)
    except (httpx.InvalidURL, ValueError) as error:
        raise BrokenRequestError(Fault(_BAD_ADDRESS, str(error), is_final=True)) from error
    if not is_fit:
        what = f"no http or https address: {url}"
        raise BrokenRequestError(Fault(_BAD_ADDRESS, what, is_final=True))
    return parsed


class Client:
    """Asks for files by GET; to be made and used in one event loop, as a context.

    It follows redirects, sends the credentials of an address to that address alone and keeps no
    cookies.
    """

    def __init__(self, limits: Transfer) -> None:
        self._limits = limits
        self._proxies = getproxies()
        self._direct = AiohttpTransport(limits)
        self._usual: dict[str, HttpxTransport] = {}
        self._offers: dict[URL, asyncio.Task[bool]] = {}

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._direct.close()
        for transport in self._usual.values():
            await transport.close()

    @asynccontextmanager
    async def get(
        self, url: URL, headers: Mapping[str, str] = MappingProxyType({})
    ) -> AsyncIterator[Answer]:
        """Send a request and yield its answer, whose body is streamed.

        Raises:
            BrokenRequestError: the transport fails, or there are too many redirects.
        """
        for _ in range(_MAX_REDIRECTS + 1):
            bare_url, more = _part_credentials(url)
            transport = await self.choose(url)
            answer = await transport.get(bare_url, {**_HEADERS, **headers, **more})
            try:
                if answer.status not in _REDIRECTS or "Location" not in answer.headers:
                    yield answer
                    return
                url = _read_location(url, answer.headers["Location"])
            finally:
                await answer.close()
        what = f"more than {_MAX_REDIRECTS} redirects"
        raise BrokenRequestError(Fault("too many redirects", what))

    async def choose(self, url: URL) -> Transport:
        """Return the transport for an address."""
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all") or ""
        if proxy and proxy_bypass(url.host_port_subcomponent or ""):
            proxy = ""
        if not proxy and not await self._speaks_http2(url):
            return self._direct
        if proxy not in self._usual:
            self._usual[proxy] = HttpxTransport(self._limits, proxy)
        return self._usual[proxy]

    async def _speaks_http2(self, url: URL) -> bool:
        """Ask a host once, however many requests wait for its answer."""
        if not self._limits.http2 or url.scheme != "https":
            return False
        host = url.origin()
        if host not in self._offers:
            asking = offers_http2(host, self._limits.connect_timeout_s)
            self._offers[host] = asyncio.create_task(asking)
        return await asyncio.shield(self._offers[host])


def _read_location(url: URL, location: str) -> URL:
    try:
        return parse_address(str(url.join(URL(location, encoded=True))))
    except ValueError as error:
        what = f"no address to redirect to: {location}"
        raise BrokenRequestError(Fault(_BAD_ADDRESS, what, is_final=True)) from error


def _part_credentials(url: URL) -> tuple[URL, Mapping[str, str]]:
    """Put the credentials of an address into a header instead."""
    if url.raw_user is None:
        return url, {}
    word = f"{url.user or ''}:{url.password or ''}".encode()
    bare_url = url.with_user(None)
    return bare_url, {"Authorization": f"Basic {base64.b64encode(word).decode()}"}
