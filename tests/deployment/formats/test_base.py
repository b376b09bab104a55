from __future__ import annotations

from pathlib import Path

import pytest

from lienet.deployment.formats.base import Format


def test_a_format_without_its_conversion_cannot_be_made():
    class Half(Format):
        suffix, tool, extra = ".x", "numpy", "train"

    with pytest.raises(TypeError, match="convert"):
        Half()  # type: ignore[abstract]

    class Whole(Half):
        def convert(self, source, path: Path) -> None:
            path.touch()

    assert Whole().suffix == ".x"
