from __future__ import annotations

from lienet.promotion.card import write_card
from lienet.promotion.latency import LatencyComparison

RESULT = {
    "num_images": 2, "psnr_db": 26.5, "psnr_gain_db": 1.25, "psnr_gain_low_db": 1.1,
    "psnr_gain_high_db": 1.4, "ssim": 0.81, "vmaf": None,
}  # fmt: skip


def test_the_card_says_task_data_protocol_and_limits():
    card = write_card(
        facts={
            "task": "sr", "model": "lienet", "architecture": "lienet", "scale": 4,
            "num_params": 123648, "num_macs": 7_110_000_000, "macs_output_px": [720, 1280],
            "steps": 400,
            "results": {"x4_q20_luma": {"kodak24": RESULT}},
        },
        data={
            "train": {
                "sha256": "ab" * 32, "num_samples": 1200, "num_images": 30,
                "sources": {"div2k": "academic", "own": "commercial"},
            }
        },
        protocols={"x4_q20_luma": {"task": "sr", "scale": 4, "jpeg_quality": 20, "other": None}},
        licence="Bound by the licences of the photographs.",
        purpose="enlarges photographs that were reduced and stored as JPEG",
        privacy={"own": "privacy full, by yunet:ab+text:cd; 3 of 4 kept"},
        latency=LatencyComparison(120.0, "sr-plain", 107.0, 120.0 / 107.0, 1.2, (180, 320)),
    )  # fmt: skip
    assert card.startswith("# lienet (sr)\n")
    assert "123,648 parameters, 7.11 G multiply-adds for 1280x720 px" in card
    said = "120.0 ms for 320x180 px of input on one thread, 1.121 times the 107.0 ms of sr-plain;"
    assert said in card
    assert "| train | 1,200 | 30 | div2k: academic, own: commercial | `abababababab` |" in card
    assert "| x4_q20_luma | kodak24 | 2 | 26.500 | +1.250 [+1.100, +1.400] | 0.8100 | - |" in card
    assert "- `x4_q20_luma`: scale 4, jpeg_quality 20\n" in card
    assert "Bound by the licences of the photographs." in card
    assert "- `own`: privacy full, by yunet:ab+text:cd; 3 of 4 kept\n" in card
    assert "## Limits" in card
