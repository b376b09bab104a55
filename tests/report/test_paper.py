"""The paper's own numbers, and the gains that follow from them."""

from __future__ import annotations

import pytest

from lienet.report.paper import PAPER_TABLE1, paper_gain


@pytest.mark.parametrize(
    ("model", "psnr_db", "ssim"),
    [
        ("srgan", 1.19, 0.0202),
        ("esrgan", 1.24, 0.0205),
        ("sftgan", 0.78, 0.0138),
        ("lienet", 1.31, 0.0322),
    ],
)
def test_gains_are_those_of_the_paper(model: str, psnr_db: float, ssim: float):
    gain = paper_gain(model)
    assert gain is not None
    assert (gain.psnr_db, gain.ssim) == (psnr_db, ssim)


def test_bicubic_and_models_outside_the_paper_have_no_gain():
    assert paper_gain("bicubic") is None
    assert paper_gain("srresnet") is None


def test_the_papers_network_leads_its_table():
    best = max(PAPER_TABLE1, key=lambda model: PAPER_TABLE1[model].psnr_db)
    assert best == "lienet"
    assert PAPER_TABLE1["bicubic"].psnr_db == 29.32
