from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import skimage.data
from torch import Tensor, nn

from lienet.data.degradations import degrade_sr
from lienet.data.shards import Sample
from lienet.errors import DataError
from lienet.evaluation.metrics import measure_psnr, measure_ssim
from lienet.evaluation.scoring import EnhancedImage, make_contenders, score_samples
from lienet.evaluation.vmaf import measure_vmaf
from lienet.images import decode_image, encode_png
from lienet.models.baselines import Bicubic
from lienet.params import Protocol


class Darkened(nn.Module):
    """Bicubic upsampling, a little darker."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.upsampling = Bicubic(scale)

    def forward(self, degraded: Tensor) -> Tensor:
        return self.upsampling(degraded) * 0.9


def make_protocol(**choices: object) -> Protocol:
    usual = {"task": "sr", "scale": 4, "jpeg_quality": 20, "jpeg_chroma": "4:2:0"}
    return Protocol(**usual | {"colour": "luma", "border_px": 4} | choices)


def make_sample(key: str, top_px: int, **info: str) -> Sample:
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
        iter(samples), contenders, protocols, with_vmaf=True, on_image=seen.append
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
    assert score.psnr_db == measure_psnr(reference, quarter, colour="luma", border_px=4)
    assert score.ssim == measure_ssim(reference, quarter, colour="luma", border_px=4)
    assert score.vmaf == measure_vmaf(reference, quarter)
    in_rgb = next(each for each in scores if (each.key, each.protocol) == ("b", "rgb"))
    assert in_rgb.psnr_db == measure_psnr(reference, quarter)
    assert in_rgb.vmaf == score.vmaf
    half = next(each for each in scores if (each.key, each.protocol) == ("b", "half"))
    assert half.vmaf != score.vmaf


def test_gains_are_over_bicubic_of_the_same_input(samples, protocols):
    chosen = {"luma": protocols["luma"]}
    dark = score_samples(
        samples, make_contenders({4: Darkened(4)}, tile_px=512), chosen, with_vmaf=False
    )
    plain = score_samples(
        samples, make_contenders({4: Bicubic(4)}, tile_px=512), chosen, with_vmaf=False
    )
    for ours, bicubic in zip(dark, plain, strict=True):
        assert bicubic.psnr_db == bicubic.bicubic_psnr_db == ours.bicubic_psnr_db
        assert bicubic.ssim == bicubic.bicubic_ssim == ours.bicubic_ssim
        assert ours.psnr_db < ours.bicubic_psnr_db
        assert ours.vmaf is None


def test_samples_are_read_one_at_a_time(samples, protocols):
    events: list[str] = []

    def walk() -> Iterator[Sample]:
        for sample in samples:
            events.append(f"read {sample.key}")
            yield sample

    score_samples(
        walk(),
        make_contenders({4: Bicubic(4)}, tile_px=512),
        {"luma": protocols["luma"]},
        with_vmaf=False,
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
            make_contenders({4: Bicubic(4)}, tile_px=512),
            {"luma": protocols["luma"]},
            with_vmaf=False,
        )
