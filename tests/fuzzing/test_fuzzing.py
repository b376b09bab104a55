"""A short run of every target, always on the same files; ``make fuzz`` goes on from there."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import find
from PIL import Image

from tests.fuzzing.__main__ import fuzz_apart
from tests.fuzzing.corpus import CORPORA
from tests.fuzzing.mutations import break_files, mend_png
from tests.fuzzing.one_target import fuzz
from tests.fuzzing.targets import OPENED

NUM_FILES = {"pictures": 150, "manifests": 25, "lists": 30, "params": 40, "networks": 80}
NUM_FILES |= {"requests": 60}


def test_every_corpus_has_its_target():
    assert list(CORPORA) == list(OPENED)


@pytest.mark.parametrize("target", NUM_FILES)
def test_broken_files_lead_to_a_result_or_one_line(target: str, tmp_path: Path):
    outcome = fuzz_apart(target, tmp_path, num_files=NUM_FILES[target], seconds=60, seed=0)
    assert not outcome.has_failed, outcome.said
    assert outcome.said == f"{target}: {NUM_FILES[target]} files"


def test_a_fault_is_found_and_the_file_that_shows_it_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(content: bytes) -> None:
        if content != b"sound":
            raise ZeroDivisionError

    monkeypatch.setitem(CORPORA, "pictures", lambda folder: [b"sound"])
    monkeypatch.setitem(OPENED, "pictures", lambda folder: fail)
    found = tmp_path / "found.bin"
    with pytest.raises(ZeroDivisionError):
        fuzz("pictures", found, num_files=50, seconds=60, first_seed=0)
    with pytest.raises(ZeroDivisionError):
        fail(found.read_bytes())


def test_a_mended_png_is_whole_again_and_mutations_reach_behind_checksums():
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "PNG")
    content = stream.getvalue()
    broken = content.replace(
        b"\x00\x00\x00\x04\x00\x00\x00\x04", b"\x00\x00\x00\x05\x00\x00\x00\x05"
    )
    assert mend_png(content) == content
    with Image.open(io.BytesIO(mend_png(broken))) as image:
        assert image.size == (5, 5)
    assert find(break_files([content]), lambda each: each != content and mend_png(each) == each)
