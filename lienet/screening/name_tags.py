"""Text on a person: name tags, rather than signs in the street.

Owns what counts as near. Faces come from a detector, persons' boxes from the labels of a data set.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from lienet.errors import DataError
from lienet.screening.boxes import Box, clip_box, share_span

_LEAST_INSIDE = 0.5


def choose_near(
    texts: Sequence[Box], faces: Sequence[Box], people: Sequence[Box], *, sides: float
) -> list[Box]:
    """Return the texts that are on a person.

    Args:
        texts: what was found.
        faces: a text counts that overlaps the area from the top of a face down to ``sides`` of its
            heights below it, and so many of its widths to the left and to the right.
        people: boxes of whole persons: a text counts of which half lies within one.
        sides: how far near is.
    """
    return [
        text
        for text in texts
        if any(_is_beside_or_below(text, face, sides) for face in faces)
        or any(_share_inside(text, person) >= _LEAST_INSIDE for person in people)
    ]


def parse_people(labels: str, width_px: int, height_px: int) -> tuple[Box, ...]:
    """Return the persons of a manifest's column ``people`` as boxes in an image's pixels.

    Raises:
        DataError: it is not JSON of lists of four numbers.
    """
    if not labels:
        return ()
    try:
        edges = [tuple(map(float, person)) for person in json.loads(labels)]
        return tuple(
            clip_box(
                "person",
                left=left * width_px,
                top=top * height_px,
                right=right * width_px,
                bottom=bottom * height_px,
                score=1.0,
                image_width_px=width_px,
                image_height_px=height_px,
            )
            for left, top, right, bottom in edges
        )
    except (TypeError, ValueError) as error:
        raise DataError(
            "people in a manifest must be JSON lists of left, top, right, bottom", got=labels[:80]
        ) from error


def _is_beside_or_below(text: Box, face: Box, sides: float) -> bool:
    reach_px = sides * face.width_px
    return (
        text.left_px < face.left_px + face.width_px + reach_px
        and text.left_px + text.width_px > face.left_px - reach_px
        and text.top_px + text.height_px > face.top_px
        and text.top_px < face.top_px + face.height_px + sides * face.height_px
    )


def _share_inside(text: Box, person: Box) -> float:
    across = share_span(text.left_px, text.width_px, person.left_px, person.width_px)
    down = share_span(text.top_px, text.height_px, person.top_px, person.height_px)
    return across * down / (text.width_px * text.height_px)
