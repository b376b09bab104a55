"""Every kind of source says what it may be used for, and a wrong choice is refused at once."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from lienet.params.base import registered_in
from lienet.params.sources import PORTRAITS, SAMPLE_LICENCES, SampleName, Source, sources
from tests.folder_source import folder_source

SOURCES: TypeAdapter[Any] = TypeAdapter(Annotated[Source, registered_in(sources, "kind")])
FOLDER = folder_source(licence="CC BY 4.0")
DIV2K = {
    "kind": "div2k",
    "permitted_use": None,
    "subset": "valid",
    "contents": "hr",
    "base_url": "https://example.org/DIV2K",
    "split": "test",
}
FFHQ = {
    "kind": "ffhq",
    "permitted_use": None,
    "list": "faces.json",
    "category": None,
    "ids": ["0-999", "7"],
    "size_px": 1024,
    "mirror_url": None,
    "split": "auto",
}
OPEN_IMAGES = {
    "kind": "open_images",
    "permitted_use": None,
    "subsets": ["train"],
    "count": 10,
    "seed": 0,
    "ids": None,
    "include_labels": [],
    "exclude_labels": ["people", "/m/0bt9lr"],
    "min_machine_confidence": 0.5,
    "lists_url": "https://example.org/openimages",
    "images_url": "https://example.org/bucket/",
    "licence": "CC BY 2.0",
    "split": "published",
}


@pytest.mark.parametrize(
    ("source", "use"),
    [
        (FOLDER, "commercial"),
        (FOLDER | {"licence": "Datatang, agreement 1234"}, "unknown"),
        (FOLDER | {"licence": "Datatang", "permitted_use": "commercial"}, "commercial"),
        (FOLDER | {"permitted_use": "academic"}, "academic"),
        (DIV2K, "academic"),
        (FFHQ, "non_commercial"),
        (OPEN_IMAGES, "commercial"),
        ({"kind": "sample", "permitted_use": None, "names": None, "split": "auto"}, "unknown"),
        (
            {"kind": "sample", "permitted_use": None, "names": ["china"], "split": "auto"},
            "commercial",
        ),
    ],
)
def test_the_permitted_use_is_stated_or_follows_from_the_licence(source, use) -> None:
    assert SOURCES.validate_python(source).use == use


def test_the_sample_s_licence_is_that_of_the_photographs_named() -> None:
    whole = SOURCES.validate_python(
        {"kind": "sample", "permitted_use": None, "names": None, "split": "auto"}
    )
    expected = {SAMPLE_LICENCES[name] for name in SAMPLE_LICENCES if name not in PORTRAITS}
    assert set(whole.licence.split(" AND ")) == expected
    assert set(SAMPLE_LICENCES) == set(SampleName.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (DIV2K | {"subset": "train", "contents": "lr_bicubic_x4"}, "no hash is known of DIV2K's"),
        (FFHQ | {"ids": ["9-3"]}, "low first, below 70000"),
        (FFHQ | {"ids": ["70000"]}, "below 70000"),
        (FFHQ | {"ids": ["a"]}, "ids.0"),
        (FFHQ | {"mirror_url": "ftp://mirror"}, "mirror_url"),
        (FFHQ | {"size_px": 512}, "size_px"),
        (OPEN_IMAGES | {"exclude_labels": ["Person"]}, "exclude_labels.0"),
        (OPEN_IMAGES | {"subsets": []}, "subsets"),
        (OPEN_IMAGES | {"min_machine_confidence": 0.0}, "min_machine_confidence"),
        (OPEN_IMAGES | {"lists_url": "https://example.org/a?b"}, "lists_url"),
        (FOLDER | {"permitted_use": "any"}, "permitted_use"),
    ],
)
def test_a_wrong_choice_is_refused(source, message) -> None:
    with pytest.raises(ValidationError) as caught:
        SOURCES.validate_python(source)
    assert message in str(caught.value).replace("\n", " ") or message in ".".join(
        str(part) for part in caught.value.errors()[0]["loc"]
    )


def test_only_low_resolution_is_no_reference() -> None:
    assert SOURCES.validate_python(DIV2K).is_reference
    assert not SOURCES.validate_python(DIV2K | {"contents": "lr_bicubic_x2"}).is_reference
    assert SOURCES.validate_python(FOLDER).is_reference
