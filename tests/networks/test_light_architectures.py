"""Light networks are for enlarging, and their widths are checked."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.networks import specs

MAKERS = [
    specs.vdsr_spec,
    specs.espcn_spec,
    specs.ecbsr_spec,
    specs.span_spec,
    specs.rlfn_spec,
]


@pytest.mark.parametrize("make", MAKERS)
def test_a_scale_of_one_and_no_channels_are_refused(make):
    with pytest.raises(ValidationError, match="for scale 2 or 4, got 1"):
        make(scale=1)
    with pytest.raises(ValidationError, match="channels"):
        make(channels=0)
