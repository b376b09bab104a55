"""Pictures enhanced one after another, or some side by side, each by itself.

A picture that cannot be read or written is told in one line, and the rest goes on. One that was
made before, of the same bytes by the same network, is passed over: every output names both in its
EXIF.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from lienet.deployment.enhancer import Enhancer
from lienet.enhancing.files import Job
from lienet.enhancing.memory import choose_tile_px, find_free_bytes
from lienet.enhancing.models import ChosenModel
from lienet.enhancing.naming import make_signature
from lienet.errors import InputError, LienetError
from lienet.executors import count_workers
from lienet.pictures.decoding import decode_picture, find_signature
from lienet.pictures.metadata import sign
from lienet.pictures.writing import Format, Shape, check_format, write_picture
from lienet.progress import ProgressBar

_MEGAPIXEL = 1e6
_KILOBYTE = 1000


@dataclass(frozen=True)
class Choices:
    """What holds for all pictures of a run."""

    kind: Format = "png"
    tile_px: int | None = None
    """None chooses by memory."""
    overwrites: bool = False
    num_at_once: int = 1


@dataclass(frozen=True)
class Outcome:
    """What became of one picture."""

    job: Job
    status: Literal["done", "skipped", "failed"]
    note: str = ""
    """Why it failed, or what was converted."""
    input_px: tuple[int, int] = (0, 0)
    """Height and width of the upright input."""
    output_px: tuple[int, int] = (0, 0)
    seconds: float = 0.0

    @property
    def megapixels(self) -> float:
        """Of the input."""
        return self.input_px[0] * self.input_px[1] / _MEGAPIXEL

    def describe(self) -> str:
        """Return it as one line."""
        if self.status == "failed":
            return f"{self.job.source}: {self.note}"
        if self.status == "skipped":
            return f"{self.job.target} is there already"
        (height_px, width_px), (out_height_px, out_width_px) = self.input_px, self.output_px
        note = f" ({self.note})" if self.note else ""
        return (
            f"{self.job.source} {width_px}x{height_px} -> {self.job.target} "
            f"{out_width_px}x{out_height_px}, {self.seconds:.1f} s, "
            f"{self.seconds / self.megapixels:.1f} s per megapixel{note}"
        )


def enhance_files(
    jobs: Sequence[Job], model: ChosenModel, choices: Choices, tell: Callable[[Outcome], None]
) -> list[Outcome]:
    """Enhance pictures, and return what became of each, in the order they were done.

    Args:
        jobs: the pictures.
        model: the network.
        choices: what holds for all.
        tell: is called with each outcome as it comes.

    Raises:
        ModelError: the network cannot be used.
        InputError: the tile is too small.
    """
    enhancer = open_enhancer(model, choices.tile_px, num_at_once=choices.num_at_once)
    outcomes: list[Outcome] = []
    pool = ThreadPoolExecutor(choices.num_at_once)
    with _watching(jobs) as advance:
        waiting = [
            pool.submit(_enhance_file, job, enhancer, model, choices, advance) for job in jobs
        ]
        try:
            for future in as_completed(waiting):
                outcomes.append(future.result())
                tell(outcomes[-1])
        finally:
            pool.shutdown(cancel_futures=True)
    return outcomes


def open_enhancer(model: ChosenModel, tile_px: int | None, *, num_at_once: int = 1) -> Enhancer:
    """Return a network ready for pictures, with tiles as large as memory has room for."""
    chosen = tile_px or choose_tile_px(
        find_free_bytes(), architecture=model.architecture, num_at_once=num_at_once
    )
    return Enhancer(
        model.path,
        scale=model.scale,
        tile_px=chosen,
        has_even_tiles=True,
        num_threads=max(1, count_workers(0) // num_at_once),
    )


def _enhance_file(
    job: Job,
    enhancer: Enhancer,
    model: ChosenModel,
    choices: Choices,
    advance: Callable[[Job, float], None],
) -> Outcome:
    try:
        return _try_file(job, enhancer, model, choices, lambda share: advance(job, share))
    except LienetError as error:
        return Outcome(job, "failed", str(error))
    except OSError as error:
        return Outcome(job, "failed", error.strerror or str(error))
    except MemoryError:
        return Outcome(job, "failed", "too large for this machine's memory; take a smaller --tile")
    finally:
        advance(job, 1.0)


def _try_file(
    job: Job,
    enhancer: Enhancer,
    model: ChosenModel,
    choices: Choices,
    on_progress: Callable[[float], None],
) -> Outcome:
    started_s = time.perf_counter()
    content = job.source.read_bytes()
    made_of = hashlib.sha256(content).hexdigest()
    signature = make_signature(model.label, network_sha256=model.sha256, source_sha256=made_of)
    if not choices.overwrites and job.target.exists():
        if find_signature(job.target.read_bytes()) == signature:
            return Outcome(job, "skipped")
        raise InputError(
            f"{job.target} is there already and is not this picture by this network",
            remedy="take --overwrite, or another -o",
        )
    picture = decode_picture(content)
    del content
    height_px, width_px, channels = picture.pixels.shape
    size_px = (height_px * model.scale, width_px * model.scale)
    shape = Shape(*size_px, channels, picture.pixels.dtype)
    lost = check_format(shape, choices.kind)
    strips = enhancer.enhance_strips(picture.pixels, on_progress)
    write_picture(job.target, strips, shape, choices.kind, sign(picture.metadata, signature))
    return Outcome(
        job,
        "done",
        ", ".join((*picture.remarks, *lost)),
        input_px=(height_px, width_px),
        output_px=size_px,
        seconds=time.perf_counter() - started_s,
    )


@contextmanager
def _watching(jobs: Sequence[Job]) -> Iterator[Callable[[Job, float], None]]:
    """Show how far the work is, by the sizes of the files; yield what is told of each picture."""
    sizes = {job: max(1, _size_of(job) // _KILOBYTE) for job in jobs}
    shares = dict.fromkeys(jobs, 0.0)
    lock = threading.Lock()

    def describe() -> str:
        return f"{sum(share >= 1 for share in shares.values())} of {len(jobs)} pictures"

    with ProgressBar("enhance", noun="kB", total=sum(sizes.values()), describe=describe) as bar:

        def advance(job: Job, share: float) -> None:
            with lock:
                shares[job] = max(share, shares[job])
                bar.update(int(sum(sizes[each] * shares[each] for each in jobs)))

        yield advance


def _size_of(job: Job) -> int:
    try:
        return job.source.stat().st_size
    except OSError:
        return 0
