"""One colour for each model, the same in every figure."""

from __future__ import annotations

from lienet.report.palette import colour_models


def test_known_models_keep_their_colour_whatever_stands_beside_them():
    assert (
        colour_models(["lienet"])["lienet"] == colour_models(["other", "srgan", "lienet"])["lienet"]
    )


def test_models_of_one_figure_differ_in_colour():
    models = ["bicubic", "srgan", "esrgan", "sftgan", "srresnet", "lienet", "one", "two", "three"]
    assert len(set(colour_models(models).values())) == len(models)
