from __future__ import annotations

import hashlib

import pytest

from lienet.catalogues.keys import KeyGiver


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("IMG_0001.JPG", "trip__img_0001"),
        ("Ünter Wegs/Fotó (2).final.jpg", "trip__unter_wegs_foto_2_final"),
        ("no suffix", "trip__no_suffix"),
        ("写真.png", "trip__" + hashlib.sha256("写真".encode()).hexdigest()[:12]),
    ],
)
def test_keys_are_simple(name: str, key: str) -> None:
    assert KeyGiver("trip").give(name) == key


def test_keys_are_unique() -> None:
    giver = KeyGiver("trip")
    names = ["a.jpg", "a.png", "a_2.jpg", "A.webp", "b/c.jpg", "b_c.jpg"]
    assert [giver.give(name) for name in names] == [
        "trip__a",
        "trip__a_2",
        "trip__a_2_2",
        "trip__a_3",
        "trip__b_c",
        "trip__b_c_2",
    ]


def test_long_keys_are_cut_and_stay_apart() -> None:
    giver = KeyGiver("trip")
    one, other = giver.give("x" * 240 + "1.jpg"), giver.give("x" * 240 + "2.jpg")
    assert one != other
    assert max(len(one), len(other)) <= 100
