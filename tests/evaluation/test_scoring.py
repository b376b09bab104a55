from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
import skimage.data
from torch import Tensor, nn

from lienet.degradations.reductions import downsample
from lienet.errors import DataError
from lienet.evaluation.matlab_luma import measure_in_matlab_luma, measure_published_bicubic
from lienet.evaluation.measures import Ciede2000, Sharpness, Vmaf
from lienet.evaluation.methods import Unchanged
from lienet.evaluation.metrics import (
    measure_ciede2000,
    measure_psnr,
    measure_relative_sharpness,
    measure_ssim,
)
from lienet.evaluation.scoring import (
    Contender,
    EnhancedImage,
    make_contenders,
    score_samples,
)
from lienet.evaluation.vmaf import measure_vmaf
from lienet.images import decode_image, encode_png
from lienet.networks.global_skip import BicubicUpsampling
from lienet.params import Protocol
from lienet.shards.reading import Sample
from tests.sr_inputs import degrade_sr


class Darkened(nn.Module):
    """Bicubic upsampling, a little darker."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.upsampling = BicubicUpsampling(scale)

    def forward(self, degraded: Tensor) -> Tensor:
        return self.upsampling(degraded) * 0.9


def make_protocol(**choices: object) -> Protocol:
    usual = {"task": "sr", "scale": 4, "jpeg_quality": 20, "jpeg_chroma": "4:2:0"}
    return Protocol(**usual | {"colour": "luma", "border_px": 4} | choices)


def make_sample(key: str, top_px: int, **info: object) -> Sample:
    pixels = skimage.data.astronaut()[top_px : top_px + 96, 180:308]
    degraded = {
        scale: degrade_sr(pixels, scale=scale, jpeg_quality=20, jpeg_chroma="4:2:0")
        for scale in (2, 4)
    }
    return Sample(key, encode_png(pixels), degraded, {"test_set": "sample"} | info)


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return [make_sample("a", 0), make_sample("b", 100, test_set="other"), make_sample("c", 200)]


@pytest.fixture(scope="module")
def protocols() -> dict[str, Protocol]:
    return {
        "luma": make_protocol(),
        "rgb": make_protocol(colour="rgb", border_px=0),
        "half": make_protocol(scale=2, border_px=2),
    }


def test_every_image_is_scored_under_every_protocol_of_its_scale(samples, protocols):
    contenders = make_contenders({4: Darkened(4), 2: Darkened(2)}, tile_px=512)
    seen: list[EnhancedImage] = []
    scores = score_samples(
        iter(samples),
        contenders,
        protocols,
        metrics={"vmaf": Vmaf(), "sharpness": Sharpness()},
        on_image=seen.append,
    )
    assert [(score.protocol, score.key) for score in scores] == [
        (protocol, key) for protocol in ("luma", "rgb", "half") for key in ("a", "b", "c")
    ]
    assert [(image.key, image.scale) for image in seen] == [
        (key, scale) for key in ("a", "b", "c") for scale in (4, 2)
    ]
    assert [score.test_set for score in scores[:3]] == ["sample", "other", "sample"]

    reference = decode_image(samples[1].reference_png)
    quarter = next(each.pixels for each in seen if (each.key, each.scale) == ("b", 4))
    score = next(each for each in scores if (each.key, each.protocol) == ("b", "luma"))
    assert score.values["psnr_db"] == measure_psnr(reference, quarter, colour="luma", border_px=4)
    assert score.values["ssim"] == measure_ssim(reference, quarter, colour="luma", border_px=4)
    assert score.values["vmaf"] == measure_vmaf(reference, quarter)
    in_rgb = next(each for each in scores if (each.key, each.protocol) == ("b", "rgb"))
    assert in_rgb.values["psnr_db"] == measure_psnr(reference, quarter)
    assert in_rgb.values["vmaf"] == score.values["vmaf"]
    half = next(each for each in scores if (each.key, each.protocol) == ("b", "half"))
    assert half.values["vmaf"] != score.values["vmaf"]


def test_gains_are_over_bicubic_of_the_same_input(samples, protocols):
    chosen = {"luma": protocols["luma"]}
    dark = score_samples(
        samples, make_contenders({4: Darkened(4)}, tile_px=512), chosen, metrics={}
    )
    plain = score_samples(
        samples, make_contenders({4: BicubicUpsampling(4)}, tile_px=512), chosen, metrics={}
    )
    for ours, bicubic in zip(dark, plain, strict=True):
        assert bicubic.values["psnr_db"] == bicubic.baseline["psnr_db"] == ours.baseline["psnr_db"]
        assert bicubic.values["ssim"] == bicubic.baseline["ssim"] == ours.baseline["ssim"]
        assert ours.values["psnr_db"] < ours.baseline["psnr_db"]
        assert "vmaf" not in ours.values


def test_a_sample_of_a_stated_quality_is_scored_under_the_protocols_of_that_quality_alone():
    samples = [make_sample(f"a_q{each}", 0, jpeg_quality=each) for each in (10, 20, 30)]
    protocols = {f"q{each}": make_protocol(jpeg_quality=each) for each in (20, 10)}
    protocols["q20_rgb"] = make_protocol(colour="rgb")
    seen: list[EnhancedImage] = []
    scores = score_samples(
        samples,
        make_contenders({4: Darkened(4)}, tile_px=512),
        protocols,
        metrics={"sharpness": Sharpness()},
        on_image=seen.append,
    )
    found = [(score.protocol, score.key) for score in scores]
    assert found == [("q20", "a_q20"), ("q10", "a_q10"), ("q20_rgb", "a_q20")]
    assert [image.given.jpeg_quality for image in seen] == [10, 20]


def test_a_sample_of_a_stated_size_is_scored_under_the_protocols_of_that_size_alone():
    sized = make_sample("a_64px", 0, side_px=64)
    protocols = {"own": make_protocol(), "64px": make_protocol(side_px=64)}
    scores = score_samples(
        [make_sample("a", 0), sized],
        make_contenders({4: Darkened(4)}, tile_px=512),
        protocols,
        metrics={},
    )
    assert [(score.protocol, score.key) for score in scores] == [("own", "a"), ("64px", "a_64px")]


def make_matlab_protocol(**choices: object) -> Protocol:
    clean = {"task": "sr_clean", "jpeg_quality": None, "jpeg_chroma": None}
    return make_protocol(**clean | {"colour": "matlab_luma"} | choices)


def test_gains_in_matlab_luma_are_over_the_bicubic_row_that_papers_print(samples):
    protocols = {"matlab": make_matlab_protocol()}
    contenders = make_contenders({4: Darkened(4)}, tile_px=512)
    seen: list[EnhancedImage] = []
    scores = score_samples(samples, contenders, protocols, metrics={}, on_image=seen.append)
    bicubic = {4: Contender(contenders[4].baseline, contenders[4].baseline)}
    rows = score_samples(samples, bicubic, protocols, metrics={})
    for sample, image, ours, row in zip(samples, seen, scores, rows, strict=True):
        reference = decode_image(sample.reference_png)
        measured = measure_in_matlab_luma(reference, image.pixels, border_px=4)
        published = measure_published_bicubic(reference, scale=4, border_px=4)
        assert (ours.values["psnr_db"], ours.values["ssim"]) == measured
        for found in (ours.baseline, row.values, row.baseline):
            assert (found["psnr_db"], found["ssim"]) == published
        assert measured[0] < published[0]


def test_images_of_grey_files_are_compared_as_they_are(samples):
    pixels = np.repeat(decode_image(samples[0].reference_png)[..., :1], 3, axis=2)
    degraded = encode_png(downsample(pixels, scale=4))
    grey = Sample("grey", encode_png(pixels), {4: degraded}, {"test_set": "set14"})
    protocols = {
        "all": make_matlab_protocol(),
        "one": make_matlab_protocol(grey_images=("grey", "unknown")),
    }
    contenders = make_contenders({4: Darkened(4)}, tile_px=512)
    studio, full = score_samples([grey], contenders, protocols, metrics={})
    # Studio range is 219 of 255 steps: the same error counts 20 log10(255 / 219) less in it.
    less_db = 20 * np.log10(255 / 219)
    assert studio.values["psnr_db"] - full.values["psnr_db"] == pytest.approx(less_db, abs=0.05)
    assert studio.baseline["psnr_db"] - full.baseline["psnr_db"] == pytest.approx(less_db, abs=0.05)
    protocols = {"matlab": make_matlab_protocol(grey_images=("a",))}
    with pytest.raises(DataError, match=r"image a: a grey image .*got colours; edit eval"):
        score_samples([samples[0]], contenders, protocols, metrics={})


def test_samples_are_read_one_at_a_time(samples, protocols):
    events: list[str] = []

    def walk() -> Iterator[Sample]:
        for sample in samples:
            events.append(f"read {sample.key}")
            yield sample

    score_samples(
        walk(),
        make_contenders({4: BicubicUpsampling(4)}, tile_px=512),
        {"luma": protocols["luma"]},
        metrics={},
        on_image=lambda image: events.append(f"made {image.key}"),
    )
    assert events == ["read a", "made a", "read b", "made b", "read c", "made c"]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda sample: Sample("k", sample.reference_png, {}, sample.info), "k lacks 4"),
        (lambda sample: Sample("k", sample.reference_png, sample.degraded), "k lacks 'test_set'"),
        (
            lambda sample: Sample(
                "k", encode_png(np.zeros((92, 128, 3), np.uint8)), sample.degraded, sample.info
            ),
            r"k at x4 needs a reference of \(96, 128, 3\), got \(92, 128, 3\)",
        ),
    ],
)
def test_samples_that_do_not_fit_are_named(samples, protocols, broken, said):
    with pytest.raises(DataError, match=said):
        score_samples(
            [broken(samples[0])],
            make_contenders({4: BicubicUpsampling(4)}, tile_px=512),
            {"luma": protocols["luma"]},
            metrics={},
        )


class Lightened:
    """A method that is no network: a little brighter."""

    def enhance(self, pixels):
        return np.minimum(pixels.astype(int) + 10, 255).astype(np.uint8)


def make_face_sample(key: str) -> Sample:
    pixels = skimage.data.astronaut()[0:96, 180:308]
    blurred = cv2.GaussianBlur(pixels, (0, 0), 2)
    return Sample(key, encode_png(pixels), {1: encode_png(blurred)}, {"test_set": "faces"})


def test_at_scale_1_the_baseline_is_the_input_and_whole_images_are_measured():
    sample = make_face_sample("a")
    protocol = make_protocol(
        task="face", scale=1, jpeg_quality=None, jpeg_chroma=None, border_px=0, colour="rgb"
    )
    contenders = {1: Contender(Lightened(), Unchanged())}
    seen: list[EnhancedImage] = []
    (score,) = score_samples(
        [sample],
        contenders,
        {"rgb": protocol},
        metrics={"vmaf": Vmaf(), "ciede2000": Ciede2000(), "sharpness": Sharpness()},
        on_image=seen.append,
    )
    reference, degraded = decode_image(sample.reference_png), decode_image(sample.degraded[1])
    enhanced = Lightened().enhance(degraded)
    assert np.array_equal(seen[0].pixels, enhanced)
    assert np.array_equal(seen[0].degraded, degraded)
    assert np.array_equal(seen[0].reference, reference)
    assert score.baseline["psnr_db"] == measure_psnr(reference, degraded)
    assert score.values["psnr_db"] == measure_psnr(reference, enhanced)
    assert score.values["vmaf"] == measure_vmaf(reference, enhanced)
    assert score.baseline["vmaf"] == measure_vmaf(reference, degraded)
    assert score.values["ciede2000"] == measure_ciede2000(reference, enhanced)
    assert score.baseline["ciede2000"] == measure_ciede2000(reference, degraded)
    assert score.baseline["sharpness"] == measure_relative_sharpness(reference, degraded) < 1


def test_the_baseline_itself_gains_nothing_at_scale_1():
    protocol = make_protocol(task="face", scale=1, jpeg_quality=None, jpeg_chroma=None)
    contenders = make_contenders({1: nn.Identity()}, tile_px=512)
    (score,) = score_samples(
        [make_face_sample("a")],
        contenders,
        {"luma": protocol},
        metrics={"vmaf": Vmaf(), "sharpness": Sharpness()},
    )
    assert score.values["psnr_db"] == score.baseline["psnr_db"]
    assert score.values["vmaf"] == score.baseline["vmaf"]
    assert score.values["sharpness"] == score.baseline["sharpness"]
    assert "ciede2000" not in score.values


def test_a_test_sample_without_a_reference_is_named(protocols):
    bare = replace(make_face_sample("a"), reference_png=None)
    with pytest.raises(DataError, match="test sample a has no reference"):
        score_samples(
            [bare], make_contenders({1: nn.Identity()}, tile_px=512), protocols, metrics={}
        )
