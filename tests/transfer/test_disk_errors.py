"""An error of the disk is one line that names what could not be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.errors import InputError
from lienet.transfer.disk_errors import explaining_disk_errors


def test_disk_error_names_the_path_and_the_cause():
    with (
        pytest.raises(InputError, match=r"cannot write x: full; what came is kept"),
        explaining_disk_errors(Path("x")),
    ):
        raise OSError(28, "full")
