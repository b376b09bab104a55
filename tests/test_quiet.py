"""What libraries remark is kept from the user, and errors are not."""

from __future__ import annotations

import logging
import sys
import warnings

import pytest

from lienet.quiet import quiet

LOGGER = logging.getLogger("onnxscript")


def test_remarks_are_kept_away_and_errors_told(capsys, caplog):
    with quiet():
        sys.stdout.write("progress")
        warnings.warn("an old name", DeprecationWarning, stacklevel=1)
        LOGGER.warning("a package is missing")
        LOGGER.error("it failed")
    assert capsys.readouterr().out == ""
    assert caplog.messages == ["it failed"]


def test_afterwards_all_is_as_before(capsys, caplog):
    with pytest.raises(ValueError, match="broken"), quiet():
        raise ValueError("broken")
    LOGGER.warning("heard")
    sys.stdout.write("seen")
    assert (capsys.readouterr().out, caplog.messages) == ("seen", ["heard"])
