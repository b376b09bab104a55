"""Clusters and stores are named in full, and no secret is written down."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from lienet.params import Cluster, Storage


@pytest.mark.parametrize("address", [None, "local", "tcp://10.0.0.1:8786", "tls://head:8786"])
def test_a_cluster_is_an_address_or_local_or_none(address: str | None):
    assert Cluster(address=address, chunk_images=1, timeout_s=1).address == address


@pytest.mark.parametrize("address", ["head:8786", "tcp://head", "http://head:80", "LOCAL", ""])
def test_any_other_address_is_refused(address: str):
    with pytest.raises(ValidationError):
        Cluster(address=address, chunk_images=1, timeout_s=1)


@pytest.mark.parametrize("url", ["data/raw", "s3://", "s3://bucket/prefix/"])
def test_a_store_is_a_url_without_a_slash_at_its_end(url: str):
    assert Storage(url="s3://bucket/prefix", options={}).url == "s3://bucket/prefix"
    with pytest.raises(ValidationError):
        Storage(url=url, options={})


@pytest.mark.parametrize(
    "options", [{"secret": "s"}, {"client_kwargs": {"aws_access_key_id": "k"}}]
)
def test_secrets_come_by_the_environment_alone(options: dict[str, object]):
    with pytest.raises(ValidationError, match="is a secret; give it by the environment instead"):
        Storage(url="s3://bucket", options=options)


@pytest.mark.parametrize("url", ["s3://key:secret@bucket/prefix", "sftp://user@host/folder"])
def test_a_url_with_credentials_is_refused(url: str):
    with pytest.raises(ValidationError, match="give them by the environment instead"):
        Storage(url=url, options={})
