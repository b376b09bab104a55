"""Training is refused, or warned of, where a licence does not permit the purpose."""

from __future__ import annotations

import logging

import pytest

from lienet.errors import DataError
from lienet.params import IntendedUse
from lienet.shards.reading import ShardIndex
from lienet.training.permission import check_permission


def index_of(num_images: int = 3, **sources: str) -> ShardIndex:
    content = {
        "task": "sr",
        "split": "train",
        "num_samples": 0,
        "num_images": num_images,
        "shards": (),
        "sha256": "",
        "params": {},
        "sources": sources,
    }
    return ShardIndex.model_validate(content)


def check(purpose: str, when: str, *indexes: ShardIndex) -> None:
    intended = IntendedUse.model_validate({"purpose": purpose, "when_not_permitted": when})
    check_permission("sr-lienet", intended, indexes)


MIXED = index_of(bought="commercial", faces="non_commercial", mine="unknown")


def test_research_may_use_everything() -> None:
    check("research", "refuse", MIXED, index_of(div2k="academic"), index_of())


def test_commerce_is_refused_with_every_source_named() -> None:
    with pytest.raises(DataError) as caught:
        check("commercial", "refuse", MIXED, index_of(div2k="academic", bought="commercial"))
    assert str(caught.value) == (
        "sr-lienet is for commercial use, which is not permitted by div2k (academic), faces "
        "(non_commercial), mine (unknown); leave them out of synthesize.tasks.sr.sources, or "
        "state what you were permitted in their permitted_use, or set "
        "intended_use.when_not_permitted to warn"
    )


def test_commerce_may_use_what_is_permitted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        check("commercial", "refuse", index_of(bought="commercial"), index_of(0))
    assert caplog.messages == []


def test_a_warning_says_the_same_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        check("commercial", "warn", MIXED)
    assert caplog.messages == [
        "sr-lienet is for commercial use, which is not permitted by faces (non_commercial), mine "
        "(unknown)"
    ]


def test_shards_that_do_not_say_are_refused() -> None:
    with pytest.raises(DataError, match=r"the shards of sr do not say .*lienet synthesize"):
        check("commercial", "warn", index_of())
