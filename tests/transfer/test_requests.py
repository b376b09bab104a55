"""Safe names, known hashes, and which results mean that a file is stored."""

from __future__ import annotations

import pytest

from lienet.transfer.requests import FetchResult, RemoteFile


@pytest.mark.parametrize("name", ["a.jpg", "train/0/a.jpg", "..a/b", "é.png", "x" * 242])
def test_name_below_the_folder_is_safe(name: str):
    assert RemoteFile("http://a", name).is_named_safely


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../a", "a/../b", "a//b", "/a", "a/", "a\\b", "a\0b", ".lock", "a.part"),
        *("a.part.version", "x" * 243, "é" * 122, "d/" + "x" * 243),
    ],
)
def test_other_names_are_unsafe(name: str):
    assert not RemoteFile("http://a", name).is_named_safely


def test_any_kind_of_hash_counts():
    assert not RemoteFile("http://a", "a", size_bytes=5).has_hash
    for key in ("sha256", "md5", "pixel_md5"):
        assert RemoteFile("http://a", "a", **{key: "0"}).has_hash  # type: ignore[arg-type]


def test_missing_and_refused_files_are_not_stored():
    stored = {
        status: FetchResult(RemoteFile("http://a", "a"), status, "").is_stored
        for status in ("fetched", "resumed", "present", "missing", "refused")
    }
    assert [status for status, is_stored in stored.items() if not is_stored] == [
        "missing",
        "refused",
    ]
