"""Tiles cover an image exactly, and change over from one to the next without a step."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienet.deployment.tiling import Mosaic, Span, find_even_side, plan_spans


@given(
    length_px=st.integers(1, 700),
    side_px=st.integers(16, 200),
    overlap_px=st.integers(0, 24),
    fade_px=st.integers(0, 32),
)
def test_every_pixel_is_kept_away_from_inner_edges_and_shared_only_where_it_fades(
    length_px: int, side_px: int, overlap_px: int, fade_px: int
):
    side_px += 2 * overlap_px
    spans = plan_spans(length_px, side_px=side_px, overlap_px=overlap_px, fade_px=fade_px)
    fade_px = min(fade_px, (side_px - 2 * overlap_px) // 16 * 8)
    assert spans[0].kept_start == 0
    assert spans[-1].kept_stop == length_px
    for before, after in pairwise(spans):
        assert before.kept_stop - after.kept_start == fade_px
        assert before.fade_out_px == after.fade_in_px == fade_px
    for span in spans:
        assert 0 <= span.start < span.stop <= length_px
        assert span.stop - span.start <= side_px
        assert span.kept_stop - span.kept_start >= span.fade_in_px + span.fade_out_px
        assert span.start == 0 or span.kept_start - span.start >= overlap_px
        assert span.stop == length_px or span.stop - span.kept_stop >= overlap_px
        assert span.start % 8 == 0


@given(length_px=st.integers(1, 700), side_px=st.integers(104, 200))
def test_the_last_tile_is_as_large_as_the_others(length_px: int, side_px: int):
    spans = plan_spans(length_px, side_px=side_px, overlap_px=32, fade_px=32)
    for span in spans:
        assert span.stop - span.start > min(length_px, side_px) - 8


@given(
    length_px=st.integers(1, 700),
    side_px=st.integers(8, 60),
    overlap_px=st.integers(0, 24),
    fade_px=st.integers(0, 24),
    cell_px=st.sampled_from([1, 2, 4]),
)
def test_every_cell_belongs_to_one_tile(
    length_px: int, side_px: int, overlap_px: int, fade_px: int, cell_px: int
):
    side_px += 2 * overlap_px
    spans = plan_spans(length_px, side_px=side_px, overlap_px=overlap_px, fade_px=fade_px)
    cells: list[int] = []
    for span in spans:
        own = span.cells_of_tile(cell_px)
        cells += [span.start // cell_px + index for index in range(own.start, own.stop)]
    assert cells == list(range(-(-length_px // cell_px)))


def place_all(values: dict[int, float], spans: list[Span], scale: int = 1) -> np.ndarray:
    """A strip 2 px high of tiles that are each of one value."""
    (rows,) = plan_spans(2, side_px=8, overlap_px=0)
    mosaic = Mosaic(spans[-1].kept_stop * scale, np.uint8, scale)
    for span in spans:
        length = (span.kept_stop - span.kept_start) * scale
        kept = np.full((2 * scale, length, 3), values[span.start], np.float32)
        mosaic.place(kept, rows, span)
    return mosaic.finished


def test_two_tiles_change_over_linearly_by_hand():
    spans = [Span(0, 8, 0, 6, 0, 4), Span(0 + 2, 10, 2, 10, 4, 0)]
    strip = place_all({0: 80.0, 2: 160.0}, spans)
    # Kept alone: 0-1 and 6-9. Between them shares 1/8, 3/8, 5/8, 7/8 of a step of 80.
    expected = [80, 80, 90, 110, 130, 150, 160, 160, 160, 160]
    np.testing.assert_array_equal(strip, np.broadcast_to(np.array(expected)[:, None], (2, 10, 3)))


def test_at_scale_two_the_slope_is_twice_as_long():
    strip = place_all({0: 0.0, 1: 160.0}, [Span(0, 3, 0, 3, 0, 2), Span(1, 4, 1, 4, 2, 0)], scale=2)
    assert strip[0, :, 0].tolist() == [0, 0, 20, 60, 100, 140, 160, 160]


@pytest.mark.parametrize("fade_px", [0, 5, 16])
def test_tiles_that_agree_make_the_image_they_were_cut_from(fade_px: int):
    image = np.random.default_rng(1).random((90, 133, 3), dtype=np.float32) * 65535
    plans = [
        plan_spans(length, side_px=60, overlap_px=8, fade_px=fade_px) for length in image.shape[:2]
    ]
    mosaic, strips = Mosaic(133, np.uint16, 1), []
    for rows in plans[0]:
        for columns in plans[1]:
            tile = image[rows.start : rows.stop, columns.start : columns.stop]
            kept = tile[rows.kept_of_tile(1), columns.kept_of_tile(1)].copy()
            mosaic.place(kept, rows, columns)
        strips.append(mosaic.finished)
    np.testing.assert_array_equal(np.concatenate(strips), np.rint(image))


def test_where_four_tiles_meet_each_has_its_share():
    spans = plan_spans(40, side_px=32, overlap_px=4, fade_px=4)
    assert len(spans) == 2
    mosaic, levels, strips = Mosaic(40, np.uint8, 1), iter((0.0, 100.0, 100.0, 200.0)), []
    for rows in spans:
        for columns in spans:
            shape = (rows.kept_stop - rows.kept_start, columns.kept_stop - columns.kept_start, 3)
            mosaic.place(np.full(shape, next(levels), np.float32), rows, columns)
        strips.append(mosaic.finished)
    fade = slice(spans[1].kept_start, spans[0].kept_stop)
    shares = np.array([0.125, 0.375, 0.625, 0.875])
    expected = np.rint(100 * (shares[:, None] + shares[None, :]))
    whole = np.concatenate(strips)
    np.testing.assert_allclose(whole[fade, fade, 0], expected, atol=1)


@given(length_px=st.integers(1, 3000), side_px=st.integers(1, 60), overlap_px=st.integers(0, 4))
def test_even_tiles_are_as_many_and_no_larger(length_px: int, side_px: int, overlap_px: int):
    laps = {"overlap_px": 8 * overlap_px, "fade_px": 8 * overlap_px}
    side_px = 8 * side_px + 2 * laps["overlap_px"]
    even_px = find_even_side(length_px, side_px=side_px, **laps)
    assert even_px <= min(side_px, length_px)
    spans = plan_spans(length_px, side_px=even_px, **laps)
    assert len(spans) == len(plan_spans(length_px, side_px=side_px, **laps))


def test_two_tiles_of_half_do_for_two_of_nearly_all():
    assert find_even_side(1000, side_px=728, overlap_px=32, fade_px=32) == 552
    assert find_even_side(700, side_px=728, overlap_px=32, fade_px=32) == 700


def test_a_tile_that_is_all_overlap_is_refused():
    with pytest.raises(ValueError, match="no larger than two overlaps"):
        plan_spans(192, side_px=64, overlap_px=32)
