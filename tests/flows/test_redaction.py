"""No credential leaves in what is printed or shown."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from flows.commands import Commands
from flows.redaction import hide_secrets


def test_credentials_are_replaced_by_asterisks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "abc/def+123")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hunter22")
    text = "at http://me:hunter22@host/x with abc/def+123, hunter22; ssh://user@host"
    assert hide_secrets(text) == "at http://***@host/x with ***, ***; ssh://***@host"
    code = "import os; print('key', os.environ['AWS_SECRET_ACCESS_KEY'])"
    with Commands(tmp_path, grace_s=0.5) as commands:
        assert commands.run([sys.executable, "-c", code]).lines == ("key ***",)
