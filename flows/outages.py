"""Waiting for Prefect's server: its clients in this process outlast the time that it is away.

Prefect's own clients wait for a minute at most, and one that has never reached the server before
fails at once. A request that could not even be sent is tried again here until the server is back,
and events, of which the states of tasks are made, are kept and sent then.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx
from prefect.client.base import PrefectHttpxAsyncClient, PrefectHttpxSyncClient
from prefect.events.clients import PrefectEventsClient
from prefect.events.worker import EventsWorker
from prefect.logging import get_logger
from prefect.settings import get_current_settings

LONGEST_S = 86_400.0
"""How long the server may be away before a run that calls it fails: a day."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 5.0
_SAID_EVERY_S = 300.0
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout)

Send = Callable[..., httpx.Response]
SendAsync = Callable[..., Awaitable[httpx.Response]]


class _Wait:
    """The pauses of one request, until it gives up."""

    def __init__(self, url: httpx.URL, longest_s: float) -> None:
        self._address = f"{url.host}:{url.port}"
        self._started_s = time.monotonic()
        self._longest_s = longest_s
        self._pause_s = _FIRST_PAUSE_S
        self._next_word_s = _SAID_EVERY_S

    def next_pause_s(self, error: Exception) -> float:
        """Return how long to wait now; raises the error when the server has been away too long."""
        away_s = time.monotonic() - self._started_s
        if away_s > self._longest_s:
            raise error
        if away_s > self._next_word_s:
            self._next_word_s += _SAID_EVERY_S
            text = "Prefect's server at %s has not answered for %d minutes: waiting"
            get_logger("outages").warning(text, self._address, away_s / 60)
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
        return self._pause_s


def send_when_there(
    send: Send, request: httpx.Request, *rest: Any, longest_s: float = LONGEST_S, **named: Any
) -> httpx.Response:
    """Send a request, as soon as there is a server to send it to."""
    wait = _Wait(request.url, longest_s)
    while True:
        try:
            return send(request, *rest, **named)
        except _NOT_SENT as error:
            time.sleep(wait.next_pause_s(error))


async def send_when_there_async(
    send: SendAsync, request: httpx.Request, *rest: Any, longest_s: float = LONGEST_S, **named: Any
) -> httpx.Response:
    """Send a request, as soon as there is a server to send it to."""
    wait = _Wait(request.url, longest_s)
    while True:
        try:
            return await send(request, *rest, **named)
        except _NOT_SENT as error:
            await asyncio.sleep(wait.next_pause_s(error))


def outlast_outages() -> None:
    """Have every client of Prefect's server in this process wait while the server is away."""
    if PrefectHttpxSyncClient._send_with_retry.__module__ == __name__:
        return
    # Prefect has no setting for it. What it hands to this method is the sending itself, of a
    # request that it then tries again after other errors.
    sync_retry = PrefectHttpxSyncClient._send_with_retry
    async_retry = PrefectHttpxAsyncClient._send_with_retry

    def retry(self: Any, request: httpx.Request, send: Send, *rest: Any, **named: Any) -> Any:
        return sync_retry(self, request, partial(send_when_there, send), *rest, **named)

    async def retry_async(
        self: Any, request: httpx.Request, send: SendAsync, *rest: Any, **named: Any
    ) -> Any:
        sending = partial(send_when_there_async, send)
        return await async_retry(self, request, sending, *rest, **named)

    PrefectHttpxSyncClient._send_with_retry = retry  # type: ignore[method-assign]
    PrefectHttpxAsyncClient._send_with_retry = retry_async  # type: ignore[method-assign]
    if get_current_settings().api.url is not None:
        # Of these, each attempt after the third waits a second before it.
        EventsWorker.set_client_override(PrefectEventsClient, reconnection_attempts=int(LONGEST_S))
