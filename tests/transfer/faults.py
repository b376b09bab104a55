"""A server on the loopback, in a process of its own, that misbehaves as each address tells it to.

``/<kind>/<script>/<number>-<size>``: the script's words, parted by dots, are the answers to the
first, second, … request for that address, the last word to all further ones. The kind is what the
server tells of the file: "plain", "goog" (``x-goog-hash``), "s3" (the MD5 as ETag) or "bare" (no
version). ``/log`` returns all requests so far. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import struct
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

PAGE = b"<!DOCTYPE html><html><body>We will be back soon.</body></html>"
RETRY_AFTER_S = 0.05
DRIP_S = 0.02
SLOW_S = 0.02
MAX_S = 20.0
"""No answer takes longer, however long the script would have it."""


@lru_cache(maxsize=64)
def content_of(number: int, size_bytes: int) -> bytes:
    """Return the bytes of a file: they begin and end like a JPEG's, and are no picture."""
    inside = hashlib.shake_256(str(number).encode()).digest(size_bytes - 6)
    return b"\xff\xd8\xff\xe0" + inside.replace(b"\xff", b"\xfe") + b"\xff\xd9"


@contextmanager
def serving() -> Iterator[FaultServer]:
    """Run the server as long as the context lasts."""
    started = subprocess.Popen(
        [sys.executable, "-I", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    assert started.stdin is not None
    try:
        yield FaultServer(int(started.stdout.readline()))
    finally:
        started.stdin.close()
        started.wait(10)
        started.stdout.close()


class FaultServer:
    """The address of a running server."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"

    def url(self, script: str, number: int = 0, size_bytes: int = 3000, kind: str = "plain") -> str:
        """Return the address of a file that is served by a script."""
        return f"{self.base}/{kind}/{script}/{number}-{size_bytes}"

    def requests(self, url: str) -> list[dict[str, str]]:
        """Return the headers of all requests for an address, in their order."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.base}/log", timeout=10) as answer:
            log: list[tuple[str, dict[str, str]]] = json.load(answer)
        return [headers for path, headers in log if self.base + path == url]


class _Script:
    """What is known of the requests so far."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.log: list[tuple[str, dict[str, str]]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                path = head[0].split(" ")[1]
                headers = {
                    name.lower(): value
                    for name, _, value in (line.partition(": ") for line in head[1:] if line)
                }
                if path == "/log":
                    _send(writer, 200, json.dumps(self.log).encode())
                    continue
                self.log.append((path, headers))
                async with asyncio.timeout(MAX_S):
                    if not await self._answer(writer, path, headers):
                        break
        writer.close()

    async def _answer(
        self, writer: asyncio.StreamWriter, path: str, headers: dict[str, str]
    ) -> bool:
        """Answer one request; return whether the connection lives on."""
        _, kind, script, name = path.split("/")
        words = script.split(".")
        word = words[min(self.asked[path], len(words) - 1)]
        self.asked[path] += 1
        number, size_bytes = map(int, name.split("-"))
        content = content_of(number, size_bytes)
        told = _tell(kind, number, content)
        if word.rstrip("d").isdecimal():
            if word.endswith("d"):
                told["Retry-After"] = format_datetime(datetime.now(UTC) + timedelta(seconds=0.5))
            elif word in ("429", "503"):
                told["Retry-After"] = str(RETRY_AFTER_S)
            _send(writer, int(word.rstrip("d")), PAGE, told)
            return True
        answer = getattr(_Exchange(writer, content, told, headers), f"answer_{word}")
        lives_on: bool = await answer()
        await writer.drain()
        return lives_on


def _tell(kind: str, number: int, content: bytes) -> dict[str, str]:
    md5 = hashlib.md5(content, usedforsecurity=False)
    if kind == "bare":
        return {}
    if kind == "s3":
        return {"ETag": f'"{md5.hexdigest()}"', "Server": "AmazonS3"}
    told = {"ETag": f'"v-{number}"'}
    if kind == "goog":
        told["x-goog-hash"] = f"crc32c=AAAAAA==,md5={base64.b64encode(md5.digest()).decode()}"
    return told


def _send(
    writer: asyncio.StreamWriter,
    status: int,
    body: bytes,
    told: dict[str, str] | None = None,
    length: int | None = -1,
) -> None:
    lines = [f"HTTP/1.1 {status} .", *(f"{name}: {value}" for name, value in (told or {}).items())]
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length < 0 else length}")
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)


class _Exchange:
    """One request and its answer; each word is a method, which says if the connection lives on."""

    def __init__(
        self, writer: asyncio.StreamWriter, content: bytes, told: dict[str, str], headers: Any
    ) -> None:
        self.writer = writer
        self.content = content
        self.told = told
        self.headers = headers

    def cut(self) -> tuple[int, bytes]:
        """Return status and body for the range that is asked for, and tell of it."""
        start = int(self.headers.get("range", "bytes=0-")[len("bytes=") : -1])
        tag, whole = self.told.get("ETag", ""), len(self.content)
        if not start or self.headers.get("if-range", tag) != tag:
            return 200, self.content
        if start >= whole:
            self.told["Content-Range"] = f"bytes */{whole}"
            return 416, b""
        self.told["Content-Range"] = f"bytes {start}-{whole - 1}/{whole}"
        return 206, self.content[start:]

    def send(self, status: int, body: bytes, length: int | None = -1) -> None:
        _send(self.writer, status, body, self.told, length)

    async def answer_ok(self) -> bool:
        self.send(*self.cut())
        return True

    async def answer_slow(self) -> bool:
        status, body = self.cut()
        self.send(status, b"", len(body))
        for at in range(0, len(body), 2**16):
            self.writer.write(body[at : at + 2**16])
            await self.writer.drain()
            await asyncio.sleep(SLOW_S)
        return True

    async def answer_norange(self) -> bool:
        self.send(200, self.content)
        return True

    async def answer_wrongrange(self) -> bool:
        self.told["Content-Range"] = f"bytes 7-{len(self.content) - 1}/{len(self.content)}"
        self.send(206, self.content[7:])
        return True

    async def answer_liar(self) -> bool:
        """Announce the right range and send the bytes of another."""
        status, body = self.cut()
        self.send(status, bytes(len(body)))
        return True

    async def answer_cut(self) -> bool:
        status, body = self.cut()
        self.send(status, body[: len(body) // 2], len(body))
        return False

    async def answer_nolength(self) -> bool:
        status, body = self.cut()
        self.told["Connection"] = "close"
        self.send(status, body[: len(body) // 2], None)
        return False

    async def answer_reset(self) -> bool:
        await self.answer_cut()
        await self.writer.drain()
        await asyncio.sleep(0.01)
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        return False

    async def answer_flip(self) -> bool:
        status, body = self.cut()
        middle = len(body) // 2
        self.send(status, body[:middle] + bytes([body[middle] ^ 0x10]) + body[middle + 1 :])
        return True

    async def answer_html(self) -> bool:
        _send(self.writer, 200, PAGE, {"Content-Type": "text/html; charset=utf-8"})
        return True

    async def answer_empty(self) -> bool:
        self.send(200, b"")
        return True

    async def answer_drip(self) -> bool:
        self.send(200, self.content[:10], len(self.content))
        for at in range(10, len(self.content)):
            await asyncio.sleep(DRIP_S)
            self.writer.write(self.content[at : at + 1])
            await self.writer.drain()
        return True

    async def answer_endless(self) -> bool:
        self.told["Connection"] = "close"
        self.send(200, self.content, None)
        while True:
            await asyncio.sleep(DRIP_S)
            self.writer.write(bytes(2**14))
            await self.writer.drain()

    async def answer_silent(self) -> bool:
        await asyncio.sleep(MAX_S)
        return False

    async def answer_garbage(self) -> bool:
        self.writer.write(b"SSH-2.0-OpenSSH\r\n")
        return False

    async def answer_gzip(self) -> bool:
        self.told["Content-Encoding"] = "gzip"
        self.send(200, self.content)
        return True

    async def answer_redirect(self) -> bool:
        number = self.told["ETag"].strip('"').removeprefix("v-")
        _send(self.writer, 302, b"", {"Location": f"/plain/ok/{number}-{len(self.content)}"})
        return True

    async def answer_loop(self) -> bool:
        _send(self.writer, 302, b"", {"Location": "#"})
        return True


async def _serve() -> None:
    script = _Script()
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0, limit=2**16, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve())
