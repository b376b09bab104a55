from __future__ import annotations

from pathlib import Path

import pytest

from lienet.deployment.converted import Converted, read_list, write_list
from lienet.errors import ModelError

LIST = [
    Converted(format="a", tool="t 1", file="a.onnx", size_bytes=3, sha256="0", agreement_db=50.0),
    Converted(format="b", tool="t 1", reason="no operator"),
]


def test_a_list_is_read_as_it_was_written(tmp_path: Path):
    write_list(tmp_path, LIST)
    assert read_list(tmp_path, remedy="export") == LIST


@pytest.mark.parametrize("content", [None, "{}", '[{"format": "a"}]'])
def test_a_missing_or_broken_list_is_one_error(tmp_path: Path, content: str | None):
    if content is not None:
        (tmp_path / "formats.json").write_text(content)
    with pytest.raises(ModelError, match=r"no list of formats; run it again"):
        read_list(tmp_path, remedy="run it again")
