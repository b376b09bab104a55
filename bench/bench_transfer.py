"""Transfers beside raw fetching, and beside a thread pool of five as the official script has it.

The server is a process of its own on the loopback; a latency is how long it waits before each
answer. Raw fetching is a bare protocol on as many kept connections as the transfers have: it
neither hashes nor writes. Bare storing is that protocol with what makes a file sure and nothing
else: threads hash each body, write, sync and rename it. It is the most that this machine could do,
client and server sharing its cores. The pool of five keeps a connection for each thread and writes
without verifying. All fetch the same files, in turn, in several rounds; medians. They are stored in
memory where the system has a folder there, and once on the disk.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from queue import SimpleQueue
from statistics import median

from lienet.params import Transfer
from lienet.transfer.batches import RemoteFile, fetch_all

CONCURRENCY = 64
_NUM_ROUNDS = 3
_POOL_THREADS = 5
_STORING_THREADS = 8
_Take = Callable[[int, list[bytes]], None]
"""What is done with the chunks of a file that has come, by its number."""
_LIMITS = Transfer(
    concurrency_per_host=CONCURRENCY,
    requests_per_s=None,
    retries=2,
    backoff_s=0.5,
    backoff_max_s=5.0,
    connect_timeout_s=30.0,
    stall_timeout_s=30.0,
    total_timeout_s=120.0,
    max_failed_share=0.0,
)
# A small file, and the mean of Open Images; seconds of latency; how many of them.
_CASES = (
    ("30kB", 30_000, 0.0, 2000),
    ("300kB", 300_000, 0.0, 1000),
    ("30kB", 30_000, 0.05, 1500),
    ("300kB", 300_000, 0.05, 1500),
)
_DISK_CASES = (("300kB", 300_000, 0.05, 1000),)
_SHARE_TARGET, _GAIN_TARGET = 0.8, 8.0


def measure(data_dir: Path | None) -> dict[str, float | str]:
    """Return files a second, the shares of bare fetching, and the gain over a pool of five."""
    del data_dir
    measured: dict[str, float | str] = {}
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    for place, root, cases in (("in_memory", memory, _CASES), ("on_disk", None, _DISK_CASES)):
        with tempfile.TemporaryDirectory(dir=root) as folder:
            found = measure_cases(cases, Path(folder), _NUM_ROUNDS)
        measured |= {f"{name}_{place}": value for name, value in found.items()}
    return measured


def measure_cases(
    cases: tuple[tuple[str, int, float, int], ...], folder: Path, num_rounds: int
) -> dict[str, float | str]:
    """Measure each case: its name, bytes of a file, seconds of latency and number of files."""
    measured: dict[str, float | str] = {}
    with _serving(0.0) as port:  # what is loaded once is loaded
        fetch_verified_files(port, 1000, 10, folder / "first")
    for name, size_bytes, latency_s, num_files in cases:
        case = f"{name}_at_{latency_s * 1000:.0f}ms"
        ways: dict[str, Callable[[int], None]] = {
            "raw": lambda port, size=size_bytes, num=num_files: fetch_raw(port, size, num),
            "bare_stored": lambda port, size=size_bytes, num=num_files: fetch_bare(
                port, size, num, folder / "bare"
            ),
            "transfer": lambda port, size=size_bytes, num=num_files: fetch_verified_files(
                port, size, num, folder / "transfer"
            ),
        }
        if latency_s:
            ways["pool_of_5"] = lambda port, size=size_bytes, num=num_files: fetch_by_pool(
                port, size, num, folder / "pool"
            )
        taken_s: dict[str, list[float]] = {way: [] for way in ways}
        with _serving(latency_s) as port:
            for way, fetch in list(ways.items()) * num_rounds:
                started_s = time.perf_counter()
                fetch(port)
                taken_s[way].append(time.perf_counter() - started_s)
                for name in ("bare", "transfer", "pool"):
                    shutil.rmtree(folder / name, ignore_errors=True)
        per_s = {way: num_files / median(times) for way, times in taken_s.items()}
        measured |= {f"{case}_{way}_files_per_s": rate for way, rate in per_s.items()}
        share = per_s["transfer"] / per_s["raw"]
        measured[f"{case}_share_of_raw"] = share
        measured[f"{case}_share_target"] = _judge(share, _SHARE_TARGET)
        measured[f"{case}_bare_stored_share_of_raw"] = per_s["bare_stored"] / per_s["raw"]
        measured[f"{case}_share_of_bare_stored"] = per_s["transfer"] / per_s["bare_stored"]
        if latency_s:
            gain = per_s["transfer"] / per_s["pool_of_5"]
            measured[f"{case}_gain_over_pool_of_5"] = gain
            measured[f"{case}_gain_target"] = _judge(gain, _GAIN_TARGET)
    return measured


def _judge(value: float, target: float) -> str:
    return f"{'met' if value >= target else 'missed'}: {target:g}"


def fetch_verified_files(port: int, size_bytes: int, num_files: int, folder: Path) -> None:
    """Fetch, hash and store every file."""
    files = (
        RemoteFile(
            f"http://127.0.0.1:{port}/{size_bytes}/{n}", f"{n}.bin", size_bytes, is_image=False
        )
        for n in range(num_files)
    )
    for result in fetch_all(files, folder, _LIMITS):
        if result.status != "fetched":
            raise RuntimeError(f"{result.file.name}: {result.reason}")


def fetch_by_pool(port: int, size_bytes: int, num_files: int, folder: Path) -> None:
    """Fetch and store every file, five at a time."""
    folder.mkdir()
    kept = threading.local()

    def fetch(number: int) -> None:
        if not hasattr(kept, "connection"):
            kept.connection = HTTPConnection("127.0.0.1", port)
        kept.connection.request("GET", f"/{size_bytes}/{number}")
        (folder / f"{number}.bin").write_bytes(kept.connection.getresponse().read())

    with ThreadPoolExecutor(_POOL_THREADS) as pool:
        for _ in pool.map(fetch, range(num_files)):
            pass


def fetch_raw(port: int, size_bytes: int, num_files: int) -> None:
    """Fetch every file and look at none."""
    asyncio.run(_fetch_barely(port, size_bytes, num_files, None))


def fetch_bare(port: int, size_bytes: int, num_files: int, folder: Path) -> None:
    """Fetch every file, hash and store it; whether that came out well is looked at by nobody."""
    folder.mkdir()
    bodies: SimpleQueue[tuple[int, list[bytes]] | None] = SimpleQueue()

    def store() -> None:
        while (job := bodies.get()) is not None:
            number, chunks = job
            body = b"".join(chunks)
            sha256(body).hexdigest()
            part = f"{folder}/{number}.part"
            handle = os.open(part, os.O_WRONLY | os.O_CREAT, 0o666)
            os.write(handle, body)
            os.fsync(handle)
            os.close(handle)
            Path(part).replace(f"{folder}/{number}")

    threads = [threading.Thread(target=store) for _ in range(_STORING_THREADS)]
    for thread in threads:
        thread.start()
    asyncio.run(
        _fetch_barely(
            port, size_bytes, num_files, lambda number, chunks: bodies.put((number, chunks))
        )
    )
    for _ in threads:
        bodies.put(None)
    for thread in threads:
        thread.join()


async def _fetch_barely(port: int, size_bytes: int, num_files: int, take: _Take | None) -> None:
    loop, numbers = asyncio.get_running_loop(), iter(range(num_files))
    ends = [loop.create_future() for _ in range(min(CONCURRENCY, num_files))]
    for end in ends:
        await loop.create_connection(
            lambda end=end: _Bare(size_bytes, numbers, end, take), "127.0.0.1", port
        )
    await asyncio.gather(*ends)


class _Bare(asyncio.Protocol):
    """Asks for one file after another, on one connection."""

    def __init__(
        self,
        size_bytes: int,
        numbers: Iterator[int],
        end: asyncio.Future[None],
        take: _Take | None,
    ) -> None:
        self.size_bytes = size_bytes
        self.numbers = numbers
        self.end = end
        self.take = take

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        number = next(self.numbers, None)
        if number is None:
            self.transport.close()
            self.end.set_result(None)
            return
        self.number, self.head, self.left = number, b"", self.size_bytes
        self.chunks: list[bytes] = []
        self.transport.write(b"GET /%d/%d HTTP/1.1\r\nHost: a\r\n\r\n" % (self.size_bytes, number))

    def data_received(self, data: bytes) -> None:
        if self.head is not None:
            self.head += data
            _, parted, data = self.head.partition(b"\r\n\r\n")
            if not parted:
                return
            self.head = None
        if self.take is not None:
            self.chunks.append(data)
        self.left -= len(data)
        if not self.left:
            if self.take is not None:
                self.take(self.number, self.chunks)
            self.ask()


class _Answer(asyncio.Protocol):
    """Answers ``/<bytes>/<number>`` after a while with so many bytes."""

    latency_s = 0.0
    content = os.urandom(2**20)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.asked = b""

    def data_received(self, data: bytes) -> None:
        self.asked += data
        while b"\r\n\r\n" in self.asked:
            head, _, self.asked = self.asked.partition(b"\r\n\r\n")
            size_bytes = int(head.split(b"/", 2)[1])
            if self.latency_s:
                asyncio.get_running_loop().call_later(self.latency_s, self.answer, size_bytes)
            else:
                self.answer(size_bytes)

    def answer(self, size_bytes: int) -> None:
        head = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n' % size_bytes
        self.transport.write(head + self.content[:size_bytes])


@contextmanager
def _serving(latency_s: float) -> Iterator[int]:
    """Run the server in a process of its own as long as the context lasts."""
    root = Path(__file__).resolve().parent.parent
    with subprocess.Popen(
        [sys.executable, "-m", "bench.bench_transfer", str(latency_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.communicate()  # its input ends, and so does it


async def _serve(latency_s: float) -> None:
    _Answer.latency_s = latency_s
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Answer, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
