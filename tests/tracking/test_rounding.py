from __future__ import annotations

import pytest

from lienet.tracking.rounding import round_figure


@pytest.mark.parametrize(
    ("name", "value", "rounded"),
    [
        ("psnr_db", 24.975239, 24.975),
        ("x4_q20_luma/near/psnr_gain_db", -0.048969, -0.049),
        ("ssim", 0.641189, 0.6412),
        ("ssim_gain", 0.020249, 0.0202),
        ("far/vmaf", 9.008643, 9.01),
        ("latency_ms", 537.1214, 537.1),
        ("num_macs", 7108300800.0, 7108300800.0),
        ("ciede2000", 3.123456, 3.1235),
    ],
)
def test_a_figure_has_the_decimals_of_its_unit(name: str, value: float, rounded: float):
    assert round_figure(name, value) == rounded
