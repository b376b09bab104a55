"""History files: columns in a fixed order, empty cells for what was not logged."""

from __future__ import annotations

from lienet.training.history import format_history


def test_rows_that_lack_a_column_have_an_empty_cell():
    rows = [{"step": 10, "loss": 0.5, "valid_psnr_db": None}, {"step": 20, "spread": 1.0}]
    assert format_history(rows) == (
        "step,loss,pixel_loss,ssim_loss,learning_rate,valid_psnr_db,spread\n"
        "10,0.5,,,,,\n"
        "20,,,,,,1.0\n"
    )


def test_a_history_without_rows_is_its_head():
    assert format_history([]) == "step,loss,pixel_loss,ssim_loss,learning_rate,valid_psnr_db\n"
