"""What a name may be, and what counts as known."""

from __future__ import annotations

import pytest

from lienet.transfer.requests import Arrived, Wanted


@pytest.mark.parametrize("name", ["a.jpg", "train/0/a.jpg", "..a/b", "é.png", "x" * 242])
def test_a_name_below_the_folder_is_safe(name: str):
    assert Wanted("http://a", name).is_named_safely


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../a", "a/../b", "a//b", "/a", "a/", "a\\b", "a\0b", ".lock", "a.part"),
        *("a.part.version", "x" * 243, "é" * 122, "d/" + "x" * 243),
    ],
)
def test_any_other_name_is_not(name: str):
    assert not Wanted("http://a", name).is_named_safely


def test_any_hash_is_a_hash():
    assert not Wanted("http://a", "a", size_bytes=5).has_hash
    for key in ("sha256", "md5", "pixel_md5"):
        assert Wanted("http://a", "a", **{key: "0"}).has_hash  # type: ignore[arg-type]


def test_what_is_missing_or_refused_is_not_here():
    here = {
        status: Arrived(Wanted("http://a", "a"), status, "").is_here
        for status in ("fetched", "resumed", "present", "missing", "refused")
    }
    assert [status for status, is_here in here.items() if not is_here] == ["missing", "refused"]
