"""A source may have any name but that of VGG19's weights, which `lienet download` fetches too."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from lienet.params import Download, load_params


def test_no_source_is_called_like_vgg19_s_weights(repository: Path):
    content = load_params(repository / "profiles" / "sample.yaml").download.model_dump()
    content["sources"]["vgg19"] = content["sources"]["sample"]
    with pytest.raises(ValidationError, match="no source may be called vgg19"):
        Download.model_validate(content)
    content["sources"]["vgg19_photos"] = content["sources"].pop("vgg19")
    assert "vgg19_photos" in Download.model_validate(content).sources
