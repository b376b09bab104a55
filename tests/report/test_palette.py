"""One colour for each model, the same in every figure."""

from __future__ import annotations

import colorsys

import pytest

from lienet.report.palette import DARK, LIGHT, Theme, colour_models, find_contrast, keep_legible


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


def test_contrast_is_that_of_wcag():
    assert find_contrast("#000000", "#ffffff") == pytest.approx(21)
    assert find_contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert find_contrast("#ffffff", "#777777") == find_contrast("#777777", "#ffffff")


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_thin_lines_stand_out_in_their_hue_on_either_ground(theme: Theme):
    models = ["lienet", "lienet_fast", "lienet_other", "srgan", "srresnet", "srresnet_skip", "one"]
    for colour in colour_models(models).values():
        kept = keep_legible(colour, theme)
        assert find_contrast(kept, theme.paper) >= 3
        if find_contrast(colour, theme.paper) >= 3:
            assert kept == colour
        before, after = (
            colorsys.rgb_to_hls(*(int(each[first : first + 2], 16) / 255 for first in (1, 3, 5)))
            for each in (colour, kept)
        )
        assert after[0] == pytest.approx(before[0], abs=0.01)
