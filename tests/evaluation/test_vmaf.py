from __future__ import annotations

import io
import stat
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from lienet.errors import InputError, ToolError
from lienet.evaluation.vmaf import VmafBatch, measure_vmaf, measure_vmaf_sequence


def compress(pixels: np.ndarray, quality: int = 20) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="JPEG", quality=quality)
    return np.asarray(Image.open(stream).convert("RGB"))


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    return skimage.data.astronaut()


@pytest.fixture(scope="module")
def crops(astronaut: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    places = [(top, left) for top in (0, 100, 250) for left in (0, 120)]
    references = [astronaut[top : top + 130, left : left + 90] for top, left in places]
    return [(each, compress(each, 10 + 9 * place)) for place, each in enumerate(references)]


def test_a_compressed_astronaut_scores_as_stated(astronaut: np.ndarray):
    assert measure_vmaf(astronaut, compress(astronaut)) == pytest.approx(84.34, abs=0.05)


def test_identical_images_score_97_43(astronaut: np.ndarray):
    assert measure_vmaf(astronaut, astronaut) == pytest.approx(97.43, abs=0.005)


def test_the_distorted_input_comes_first(astronaut: np.ndarray):
    """The score is not symmetric: what is sharper than its reference is not punished alike."""
    distorted = compress(astronaut, 10)
    forth, back = measure_vmaf(astronaut, distorted), measure_vmaf(distorted, astronaut)
    assert forth < 75 < back


def test_a_sequence_scores_as_its_images_one_by_one(crops: list[tuple[np.ndarray, np.ndarray]]):
    one_by_one = [measure_vmaf(reference, distorted) for reference, distorted in crops]
    assert measure_vmaf_sequence(crops) == one_by_one
    assert measure_vmaf_sequence(crops[::-1]) == one_by_one[::-1]
    assert len(set(one_by_one)) == len(crops)


def test_a_batch_sorts_sizes_apart_and_holds_no_more_than_allowed(
    crops: list[tuple[np.ndarray, np.ndarray]], monkeypatch: pytest.MonkeyPatch
):
    lengths: list[int] = []

    def count(pairs: list[tuple[np.ndarray, np.ndarray]]) -> list[float]:
        lengths.append(len(pairs))
        return measure_vmaf_sequence(pairs)

    monkeypatch.setattr("lienet.evaluation.vmaf.measure_vmaf_sequence", count)
    batch = VmafBatch[str](max_bytes=4 * crops[0][0].nbytes)
    for place, (reference, distorted) in enumerate(crops):
        batch.add(f"tall {place}", reference, distorted)
        if place < 2:
            batch.add(f"low {place}", reference[:64], distorted[:64])
    scores = batch.finish()
    assert max(lengths) == 2  # a large and a small pair fit, the next large one goes over
    assert len(scores) == sum(lengths) == len(crops) + 2
    assert scores["tall 5"] == measure_vmaf(*crops[5])
    assert scores["low 1"] == measure_vmaf(crops[1][0][:64], crops[1][1][:64])


@pytest.mark.parametrize("size_px", [(65, 63), (33, 64)])
def test_odd_sizes_are_measured(astronaut: np.ndarray, size_px: tuple[int, int]):
    reference = astronaut[100 : 100 + size_px[0], 200 : 200 + size_px[1]]
    assert measure_vmaf(reference, reference) == pytest.approx(97.43, abs=0.005)
    assert measure_vmaf(reference, compress(reference, 5)) < 90


def test_the_smallest_image_is_measured(astronaut: np.ndarray):
    reference = astronaut[100:117, 200:217]
    assert measure_vmaf(reference, reference) > measure_vmaf(reference, compress(reference, 5))


def test_the_last_odd_row_counts(astronaut: np.ndarray):
    reference = astronaut[100:165, 200:264]
    distorted = reference.copy()
    distorted[-1] = 255 - distorted[-1]
    assert measure_vmaf(reference, distorted) < measure_vmaf(reference, reference) - 0.01


def test_nothing_to_measure_gives_nothing():
    assert measure_vmaf_sequence([]) == []
    assert VmafBatch[str]().finish() == {}


@pytest.mark.parametrize(
    ("reference", "distorted", "said"),
    [
        (np.zeros((16, 40, 3), np.uint8), np.zeros((16, 40, 3), np.uint8), "17 px"),
        (np.zeros((40, 40, 3), np.uint8), np.zeros((40, 42, 3), np.uint8), "one size"),
        (np.zeros((40, 40), np.uint8), np.zeros((40, 40), np.uint8), "RGB uint8"),
    ],
)
def test_pairs_that_cannot_be_measured_are_refused(reference, distorted, said):
    with pytest.raises(InputError, match=said):
        measure_vmaf(reference, distorted)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo first >&2; echo 'No such filter: libvmaf' >&2; exit 8", "No such filter: libvmaf"),
        ("exit 3", "exit status 3"),
        ("exit 0", "no readable VMAF log"),
        ("echo '{\"frames\": []}' > vmaf.json", "measured 0 images of 1"),
    ],
)
def test_an_ffmpeg_that_fails_is_one_line_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
):
    fake = tmp_path / "ffmpeg"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(fake))
    pixels = np.zeros((400, 400, 3), np.uint8)  # more than a pipe holds: writers must let go
    with pytest.raises(ToolError, match=said) as caught:
        measure_vmaf(pixels, pixels)
    assert "\n" not in str(caught.value)


def test_an_ffmpeg_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "nowhere"))
    pixels = np.zeros((32, 32, 3), np.uint8)
    with pytest.raises(ToolError, match="reinstall imageio-ffmpeg"):
        measure_vmaf(pixels, pixels)
