"""VMAF by ffmpeg's libvmaf, for one image or for many of one size in one process.

Owns the filter graph, fixed as a whole because each part moves the score: the distorted input
comes first; both inputs are converted from RGB to BT.709 studio-range yuv420p by the same explicit
``scale``; the model is vmaf_v0.6.1 with its motion feature forced to zero, so that neighbours in a
sequence do not matter. VMAF reads luma alone, so odd sizes are measured whole. Identical images
score 97.43, not 100. Refuses images below 17 pixels a side, which the model cannot measure.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from jaxtyping import UInt8

from lienet.errors import InputError, ToolError
from lienet.executors import count_workers
from lienet.images import Pixels

Key = TypeVar("Key")
Pair = tuple[Pixels, Pixels]
MIN_VMAF_SIDE_PX = 17
MODEL = "version=vmaf_v0.6.1:motion.motion_force_zero=true"
_LOG_NAME = "vmaf.json"
_MAX_THREADS = 8
_REMEDY = "reinstall imageio-ffmpeg and unset IMAGEIO_FFMPEG_EXE: its own ffmpeg has libvmaf"


class VmafBatch(Generic[Key]):
    """Collects pairs of any size and measures those of one size together.

    Scores equal those of one pair at a time, bit for bit. At most ``max_bytes`` of pixels are held
    (plus one pair): beyond it the largest group is measured and let go.
    """

    def __init__(self, *, max_bytes: int = 256 * 2**20) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0
        self._groups: dict[tuple[int, ...], list[tuple[Key, Pair]]] = {}
        self._scores: dict[Key, float] = {}

    def add(self, key: Key, reference: Pixels, distorted: Pixels) -> None:
        """Take in one pair, RGB uint8 ``h w 3``; ``key`` names it among the scores."""
        _check_pair(reference, distorted)
        self._groups.setdefault(reference.shape, []).append((key, (reference, distorted)))
        self._held_bytes += reference.nbytes + distorted.nbytes
        if self._held_bytes > self._max_bytes:
            self._measure(max(self._groups, key=self._count_bytes))

    def finish(self) -> dict[Key, float]:
        """Measure what is left and return every score by key."""
        while self._groups:
            self._measure(next(iter(self._groups)))
        return self._scores

    def _measure(self, size: tuple[int, ...]) -> None:
        self._held_bytes -= self._count_bytes(size)
        group = self._groups.pop(size)
        scores = measure_vmaf_sequence([pair for _, pair in group])
        self._scores.update(zip((key for key, _ in group), scores, strict=True))

    def _count_bytes(self, size: tuple[int, ...]) -> int:
        return len(self._groups[size]) * 2 * math.prod(size)


def is_installed() -> bool:
    """Whether the packages are there that bring an ffmpeg with libvmaf."""
    return find_spec("imageio_ffmpeg") is not None and find_spec("ffmpeg") is not None


def measure_vmaf(reference: Pixels, distorted: Pixels) -> float:
    """Return the VMAF of one image, RGB uint8 ``h w 3``; see :func:`measure_vmaf_sequence`."""
    return measure_vmaf_sequence([(reference, distorted)])[0]


def measure_vmaf_sequence(pairs: Sequence[Pair]) -> list[float]:
    """Return the VMAF of each (reference, distorted) pair, 0 to 100, measured by one process.

    Source: libvmaf, model vmaf_v0.6.1 (Netflix); images of one size are its frames.

    Args:
        pairs: RGB uint8 ``h w 3`` arrays, all of one size.

    Raises:
        InputError: the sizes differ, or a side is below 17 pixels.
        ToolError: ffmpeg is missing, lacks libvmaf, or fails; the line ends with its last words.
    """
    if not pairs:
        return []
    for reference, distorted in pairs:
        _check_pair(reference, distorted)
        if reference.shape != pairs[0][0].shape:
            raise InputError("a VMAF sequence must be of one size", got=reference.shape)
    with tempfile.TemporaryDirectory(prefix="lienet-vmaf-") as folder:
        _run_ffmpeg(pairs, Path(folder))
        scores = _read_scores(Path(folder) / _LOG_NAME)
    if len(scores) != len(pairs):
        raise ToolError(f"ffmpeg measured {len(scores)} images of {len(pairs)}", remedy=_REMEDY)
    return scores


def _check_pair(reference: Pixels, distorted: Pixels) -> None:
    for pixels in (reference, distorted):
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise InputError(
                "VMAF compares RGB uint8 (h, w, 3)", got=f"{pixels.dtype} {pixels.shape}"
            )
    if reference.shape != distorted.shape:
        raise InputError(
            f"VMAF compares images of one size, here {reference.shape[:2]}",
            got=distorted.shape[:2],
        )
    if min(reference.shape[:2]) < MIN_VMAF_SIDE_PX:
        raise InputError(
            f"VMAF needs {MIN_VMAF_SIDE_PX} px on each side",
            got=reference.shape[:2],
            remedy="leave VMAF out",
        )


def _compile_command(
    reference_fd: int, distorted_fd: int, *, height_px: int, width_px: int
) -> list[str]:
    import ffmpeg
    import imageio_ffmpeg

    try:
        executable = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise ToolError("no ffmpeg was found", remedy=_REMEDY) from error

    def convert(descriptor: int) -> Any:
        stream = ffmpeg.input(
            f"pipe:{descriptor}",
            format="rawvideo",
            pix_fmt="rgb24",
            s=f"{width_px}x{height_px}",  # the name video_size would be taken for a pair
            framerate=25,
        )
        converted = stream.filter(
            "scale",
            out_color_matrix="bt709",
            out_range="tv",
            flags="bicubic+accurate_rnd+full_chroma_int",
        )
        return converted.filter("format", "yuv420p")

    graph = ffmpeg.filter(
        [convert(distorted_fd), convert(reference_fd)],
        "libvmaf",
        model=MODEL,
        log_fmt="json",
        log_path=_LOG_NAME,
        n_threads=min(count_workers(0), _MAX_THREADS),
    )
    quiet = [executable, "-hide_banner", "-nostdin", "-loglevel", "error"]
    command: list[str] = ffmpeg.compile(graph.output("-", format="null"), cmd=quiet)
    return command


def _run_ffmpeg(pairs: Sequence[Pair], folder: Path) -> None:
    """Feed both inputs through pipes of their own; the log lands in ``folder``, ffmpeg's cwd."""
    height_px, width_px = pairs[0][0].shape[:2]
    reference_fd, reference_end = os.pipe()
    distorted_fd, distorted_end = os.pipe()
    writers = [
        threading.Thread(target=_write_frames, args=(reference_end, [r for r, _ in pairs])),
        threading.Thread(target=_write_frames, args=(distorted_end, [d for _, d in pairs])),
    ]
    process: subprocess.Popen[bytes] | None = None
    try:
        process = subprocess.Popen(
            _compile_command(reference_fd, distorted_fd, height_px=height_px, width_px=width_px),
            cwd=folder,
            pass_fds=(reference_fd, distorted_fd),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise ToolError(f"ffmpeg does not start: {error}", remedy=_REMEDY) from error
    finally:
        # Only ffmpeg may hold the reading ends: when it ends early, the writers must notice.
        os.close(reference_fd)
        os.close(distorted_fd)
        if process is None:
            os.close(reference_end)
            os.close(distorted_end)
    with process:
        try:
            for writer in writers:
                writer.start()
            _, complaint = process.communicate()
        finally:
            process.kill()
            for writer in writers:
                writer.join()
    if process.returncode != 0:
        said = complaint.decode(errors="replace").strip().splitlines()
        last = said[-1] if said else f"exit status {process.returncode}"
        raise ToolError(f"ffmpeg could not measure VMAF: {last}", remedy=_REMEDY)


def _write_frames(descriptor: int, frames: Sequence[UInt8[Pixels, "height width 3"]]) -> None:
    with suppress(BrokenPipeError), os.fdopen(descriptor, "wb", buffering=0) as pipe:
        for frame in frames:
            remaining = np.ascontiguousarray(frame).data.cast("B")
            while remaining:
                remaining = remaining[pipe.write(remaining) :]


def _read_scores(log_path: Path) -> list[float]:
    try:
        log = json.loads(log_path.read_text(encoding="utf-8"))
        scores = [float(frame["metrics"]["vmaf"]) for frame in log["frames"]]
    except (OSError, ValueError, KeyError) as error:
        raise ToolError(f"ffmpeg left no readable VMAF log: {error}", remedy=_REMEDY) from error
    if not all(math.isfinite(score) for score in scores):
        raise ToolError("ffmpeg measured a VMAF that is not a number", remedy=_REMEDY)
    return scores
