"""What is asked for is what is used; "auto" follows the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.training import precision
from lienet.training.precision import choose_precision


@pytest.mark.parametrize("native", [True, False])
def test_choice(monkeypatch: pytest.MonkeyPatch, native: bool):
    monkeypatch.setattr(precision, "has_native_bf16", lambda *, cuda: native)
    assert choose_precision("fp32", cuda=False) == "32-true"
    assert choose_precision("bf16", cuda=False) == "bf16-mixed"
    assert choose_precision("auto", cuda=False) == ("bf16-mixed" if native else "32-true")


def test_the_processor_is_asked():
    listing = Path("/proc/cpuinfo")
    if not listing.is_file():
        pytest.skip("no /proc/cpuinfo on this system")
    flags = listing.read_text(encoding="ascii")
    assert precision.has_native_bf16(cuda=False) == ("avx512_bf16" in flags or "amx_bf16" in flags)
