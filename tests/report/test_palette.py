"""One colour for each model, the same in every figure."""

from __future__ import annotations

import colorsys

import pytest

from lienet.report.palette import colour_models


def test_known_models_keep_their_colour_whatever_stands_beside_them():
    assert (
        colour_models(["lienet"])["lienet"] == colour_models(["other", "srgan", "lienet"])["lienet"]
    )


def test_models_of_one_figure_differ_in_colour():
    models = ["bicubic", "srgan", "esrgan", "sftgan", "srresnet", "lienet", "one", "two", "three"]
    assert len(set(colour_models(models).values())) == len(models)


def test_variants_are_shades_of_what_they_vary():
    colours = colour_models(["lienet", "lienet_noskip", "lienet_fast", "plain_deep"])
    assert len(set(colours.values())) == 4
    hues = {
        name: colorsys.rgb_to_hsv(*(int(colour[first : first + 2], 16) for first in (1, 3, 5)))[0]
        for name, colour in colours.items()
    }
    assert hues["lienet_noskip"] == pytest.approx(hues["lienet"], abs=0.01)
    assert hues["lienet_fast"] == pytest.approx(hues["lienet"], abs=0.01)
    assert abs(hues["plain_deep"] - hues["lienet"]) > 0.02
