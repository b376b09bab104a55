from __future__ import annotations

from lienet.images import decode_image
from lienet.report.evaluations import read_evaluations
from lienet.report.figures.figure8 import draw_figure8, draw_figure9
from lienet.report.real_photographs import load_real_photographs


def holds(drawn, pixels) -> bool:
    """Say whether a picture lies in another somewhere in the first row of tiles."""
    height, width = pixels.shape[:2]
    return any(
        (drawn[62 : 62 + height, left : left + width] == pixels).all()
        for left in range(28, drawn.shape[1] - width)
    )


def test_faces_are_drawn_pixel_by_pixel_from_the_input_to_the_reference(other_comparisons):
    faces = [each for each in other_comparisons if each.task == "face"][:1]
    drawn = decode_image(draw_figure8(faces, ours="lienet"))
    assert holds(drawn, faces[0].degraded)
    assert holds(drawn, faces[0].enhanced["lienet"])
    assert holds(drawn, faces[0].reference)
    columns = 2 + len(faces[0].enhanced)
    assert drawn.shape[1] == 56 + columns * (256 + 12) - 12
    assert "input" not in faces[0].enhanced


def test_old_photographs_are_drawn_whole_real_or_synthesized(
    other_params, other_workspace, other_comparisons
):
    evaluations = read_evaluations(other_params, other_workspace)
    real = load_real_photographs(other_params, other_workspace, evaluations)
    pairs = [each for each in other_comparisons if each.task == "old_photo"]
    without = decode_image(draw_figure9(real, ours="lienet"))
    with_reference = decode_image(draw_figure9(pairs, ours="lienet"))
    assert without.shape[1] == 56 + (1 + len(real[0].enhanced)) * 412 - 12
    assert with_reference.shape[1] == 56 + (2 + len(pairs[0].enhanced)) * 412 - 12
