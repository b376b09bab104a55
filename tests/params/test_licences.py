"""What licences permit, under all the names that they go by."""

from __future__ import annotations

import pytest

from lienet.params.licences import find_least, find_use, permits, permits_less


@pytest.mark.parametrize(
    ("licence", "use"),
    [
        ("CC BY 2.0", "commercial"),
        ("cc-by-4.0", "commercial"),
        ("CC BY-SA 4.0", "commercial"),
        ("CC BY-NC-SA 4.0", "non_commercial"),
        ("CC-BY-NC-2.0", "non_commercial"),
        ("CC BY-ND 4.0", "unknown"),
        ("CC BY-NC-ND 4.0", "unknown"),
        ("https://creativecommons.org/licenses/by/2.0/", "commercial"),
        ("http://www.creativecommons.org/licenses/by-nc-sa/3.0/deed.de", "non_commercial"),
        ("https://creativecommons.org/licenses/by-nd/2.0/", "unknown"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "commercial"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "commercial"),
        ("https://example.org/licenses/by/2.0/", "unknown"),
        ("Attribution License", "commercial"),
        ("Attribution-NonCommercial License", "non_commercial"),
        ("Public Domain Dedication (CC0)", "commercial"),
        ("public domain", "commercial"),
        ("United States Government Work", "commercial"),
        ("no known copyright restrictions", "commercial"),
        ("MIT (the repository that they came with)", "commercial"),
        ("DIV2K, academic research only", "academic"),
        ("Unsplash", "commercial"),
        ("not stated (Middlebury Stereo 2014)", "unknown"),
        ("All rights reserved", "unknown"),
        ("", "unknown"),
        ("CC BY 2.0 AND CC BY-NC-SA 4.0", "non_commercial"),
        ("CC0-1.0 AND public domain", "commercial"),
        ("CC0-1.0 AND DIV2K, academic research only AND CC BY-NC 2.0", "academic"),
        ("CC0-1.0 AND whatever", "unknown"),
    ],
)
def test_a_licence_permits_what_its_terms_say(licence: str, use: str) -> None:
    assert find_use(licence) == use


def test_several_permit_the_least_of_them() -> None:
    assert find_least(["commercial", "academic", "non_commercial"]) == "academic"
    assert find_least([]) == "unknown"


def test_research_may_use_all_and_commerce_only_what_is_permitted() -> None:
    for use in ("commercial", "non_commercial", "academic", "unknown"):
        assert permits(use, "research")
        assert permits(use, "commercial") == (use == "commercial")


def test_only_what_is_known_permits_less() -> None:
    assert permits_less("non_commercial", "commercial")
    assert permits_less("academic", "non_commercial")
    assert not permits_less("commercial", "academic")
    assert not permits_less("academic", "academic")
    assert not permits_less("unknown", "commercial")
