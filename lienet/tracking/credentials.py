"""Keeps the credentials of a tracking URI out of what MLflow prints and records."""

from __future__ import annotations

import os
from urllib.parse import unquote, urlsplit, urlunsplit


def take_credentials(uri: str) -> str:
    """Return an HTTP URI without user and password, handed to MLflow by its variables instead.

    MLflow prints the page of each run that ends, and takes its address from the URI.
    """
    parts = urlsplit(uri)
    credentials, _, host = parts.netloc.rpartition("@")
    if parts.scheme not in ("http", "https") or not credentials:
        return uri
    user, _, password = credentials.partition(":")
    os.environ["MLFLOW_TRACKING_USERNAME"] = unquote(user)
    os.environ["MLFLOW_TRACKING_PASSWORD"] = unquote(password)
    return urlunsplit(parts._replace(netloc=host))
