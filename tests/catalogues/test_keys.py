from __future__ import annotations

import hashlib

import pytest

from lienet.catalogues.keys import KeyGiver
from lienet.draws import COUNT_MARK


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
        "trip__a+2",
        "trip__a_2",
        "trip__a+3",
        "trip__b_c",
        "trip__b_c+2",
    ]


def test_what_lies_beside_a_photograph_leaves_it_its_key() -> None:
    giver = KeyGiver("trip")
    names = ["IMG_03.AAE", "IMG_03.CR2", "IMG_03.HEIC", "IMG_03.jpg", "IMG_03.xmp"]
    assert [giver.give(name) for name in names] == [
        "trip__img_03_aae",
        "trip__img_03_cr2",
        "trip__img_03_heic",
        "trip__img_03",
        "trip__img_03_xmp",
    ]


def test_files_of_one_name_draw_one_lot() -> None:
    giver = KeyGiver("trip")
    first, second = giver.give("a.jpg"), giver.give("a.png")
    assert second == f"{first}{COUNT_MARK}2"


def test_long_keys_are_cut_and_stay_apart() -> None:
    giver = KeyGiver("trip")
    one, other = giver.give("x" * 240 + "1.jpg"), giver.give("x" * 240 + "2.jpg")
    assert one != other
    assert max(len(one), len(other)) <= 100
