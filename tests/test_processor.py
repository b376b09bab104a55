"""The processor's name."""

from __future__ import annotations

from pathlib import Path

from lienet.processor import read_processor_name


def test_the_processor_is_named_as_the_kernel_names_it(tmp_path: Path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Imaginary CPU @ 3 GHz\n")
    assert read_processor_name(cpuinfo) == "Imaginary CPU @ 3 GHz"
    assert read_processor_name(tmp_path / "none") != ""
