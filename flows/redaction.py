"""Credentials are taken out of what commands print and artifacts show."""

from __future__ import annotations

import os
import re

_SECRET_NAME = re.compile(r"SECRET|PASSWORD|TOKEN|API_KEY|ACCESS_KEY|CREDENTIAL|AUTH_STRING", re.I)
_USER_INFO = re.compile(r"(?<=://)[^/\s@'\"]+@")
_MIN_SECRET_CHARS = 6


def hide_secrets(text: str) -> str:
    """Replace the environment's credentials, and user names in URLs, by asterisks."""
    for name, value in os.environ.items():
        if len(value) >= _MIN_SECRET_CHARS and _SECRET_NAME.search(name):
            text = text.replace(value, "***")
    return _USER_INFO.sub("***@", text)
