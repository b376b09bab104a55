"""On which machines the work is done, and where the bulk of the data lies."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from lienet.params.base import Positive, Section

_SECRET = ("key", "password", "secret", "token")


def _without_secrets(options: dict[str, Any]) -> dict[str, Any]:
    """Refuse credentials: params are committed, and what is written beside the data is shared."""
    for name, value in options.items():
        if any(word in name.lower() for word in _SECRET):
            raise ValueError(f"{name} is a secret; give it by the environment instead")
        if isinstance(value, dict):
            _without_secrets(value)
    return options


def _without_user(url: str) -> str:
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise ValueError("credentials do not belong in a URL; give them by the environment instead")
    return url


class Cluster(Section):
    """Who computes what is fanned out over images. Never changes a byte of output."""

    address: Annotated[str, Field(pattern=r"^(local|(tcp|tls)://\S+:\d+)$")] | None
    """A Dask scheduler, "tcp://host:port" or "tls://host:port"; "local" starts a Dask cluster of
    ``num_workers`` processes on this machine; null takes plain processes of this machine."""
    chunk_images: Positive
    """Images that go to a Dask worker as one task."""
    timeout_s: Annotated[float, Field(gt=0.0)]
    """How long a cluster may be without a scheduler or a worker before the stage gives up."""


class Storage(Section):
    """Where the bulk of the data lies: raw images and shards. Manifests and indices stay here."""

    url: (
        Annotated[
            str,
            Field(pattern=r"^[a-z][a-z0-9+.-]*://\S+[^/]$"),
            AfterValidator(_without_user),
        ]
        | None
    )
    """An fsspec URL such as "s3://bucket/prefix" that every machine sees; null keeps the bulk in
    the workspace."""
    options: Annotated[dict[str, Any], AfterValidator(_without_secrets)]
    """For the fsspec file system, such as ``endpoint_url``; credentials come by the environment."""
