"""The processor's name, and how busy it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lienet import processor
from lienet.processor import measure_busy_processors, read_processor_name


def test_the_processor_is_named_as_the_kernel_names_it(tmp_path: Path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Imaginary CPU @ 3 GHz\n")
    assert read_processor_name(cpuinfo) == "Imaginary CPU @ 3 GHz"
    assert read_processor_name(tmp_path / "none") != ""


def test_another_process_keeps_a_processor_busy():
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        found = measure_busy_processors()
    finally:
        busy.kill()
        busy.wait()
    assert found is not None
    assert found > 0.4


def test_ticks_are_those_of_all_that_is_not_idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stat = tmp_path / "stat"
    stat.write_text("cpu  1 2 4 100 200 8 16 32 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
    monkeypatch.setattr(processor, "_STAT", stat)
    assert vars(processor)["_read_busy_ticks"]() == 1 + 2 + 4 + 8 + 16
    monkeypatch.setattr(processor, "_STAT", tmp_path / "none")
    assert measure_busy_processors() is None
