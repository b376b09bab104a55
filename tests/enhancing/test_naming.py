from __future__ import annotations

import pytest

from lienet.enhancing.naming import make_signature, make_suffix, strip_suffix

SHA256 = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("label", "task", "scale", "suffix"),
    [
        ("lienet_fast", "sr", 4, "_lienet_fast_x4"),
        ("lienet", "old_photo", 1, "_lienet_old_photo"),
        ("my net (2)", "sr", 2, "_my-net--2-_x2"),
    ],
)
def test_the_name_of_the_input_is_found_again(label: str, task: str, scale: int, suffix: str):
    assert make_suffix(label, task=task, scale=scale) == suffix
    for signed in (label, f"{label}_x{scale}"):
        signature = make_signature(signed, network_sha256=SHA256, source_sha256=SHA256)
        assert signature == f"lienet, {signed} 0123456789abcdef on 0123456789abcdef"
        assert strip_suffix(f"my_photo_x4{suffix}", signature) == "my_photo_x4"


@pytest.mark.parametrize("signature", [None, "", "Another program 2"])
def test_files_of_other_programs_keep_their_name(signature: str | None):
    assert strip_suffix("photo_lienet_x4", signature) == "photo_lienet_x4"


def test_a_suffix_of_one_s_own_stays():
    signature = make_signature("lienet", network_sha256=SHA256, source_sha256=SHA256)
    assert strip_suffix("photo-large", signature) == "photo-large"
