from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from lienet.manifests.duplicates import (
    choose_duplicates,
    find_near,
)
from lienet.manifests.records import FilteredRows, write_filtered
from tests.stages.studio import record_of

FAR = 0xFFFF << 40


def _distance(one: int, other: int) -> int:
    return (one ^ other).bit_count()


def _pairs(hashes: list[int], max_distance: int) -> set[tuple[int, int]]:
    return {
        pair
        for left, right in find_near(np.array(hashes, np.uint64), max_distance=max_distance)
        for pair in zip(left.tolist(), right.tolist(), strict=True)
    }


@pytest.mark.parametrize("max_distance", [0, 1, 3, 4, 8, 12])
def test_all_near_pairs_are_found_and_no_others(max_distance: int):
    generator = np.random.default_rng(max_distance)
    hashes = [int(value) for value in generator.integers(0, 2**64, 60, np.uint64)]
    for index in range(40):  # neighbours at 1 to 15 bits
        flipped = generator.choice(64, 1 + index % 15, replace=False)
        hashes.append(hashes[index] ^ sum(1 << int(bit) for bit in flipped))
    assert len(set(hashes)) == 100
    expected = {
        pair
        for pair in itertools.combinations(range(100), 2)
        if _distance(hashes[pair[0]], hashes[pair[1]]) <= max_distance
    }
    assert {tuple(sorted(pair)) for pair in _pairs(hashes, max_distance)} == expected


def test_a_distance_out_of_range_is_refused():
    with pytest.raises(ValueError, match="0 to 12"):
        next(find_near(np.zeros(2, np.uint64), max_distance=13))


def test_the_first_by_rank_stays_and_chains_do_not_carry_on():
    hashes = np.array([0b0, 0b11, 0b1111, FAR], np.uint64)  # 0 - 1 - 2 near, 0 and 2 not
    assert choose_duplicates(hashes, np.array([0, 1, 2, 3]), max_distance=2) == {1: 0}
    assert choose_duplicates(hashes, np.array([1, 0, 2, 3]), max_distance=2) == {0: 1, 2: 1}


def test_of_equal_hashes_one_stays_wherever_it_stands():
    hashes = np.array([7, 7, 7, 7 + FAR, 7 + FAR], np.uint64)
    assert choose_duplicates(hashes, np.array([3, 1, 2, 5, 4]), max_distance=3) == {
        0: 1,
        2: 1,
        3: 4,
    }
    near = np.array([7, 7, 6, 6], np.uint64)
    assert choose_duplicates(near, np.array([3, 4, 1, 2]), max_distance=1) == {0: 2, 1: 2, 3: 2}
    many = choose_duplicates(np.full(20_000, 7, np.uint64), np.arange(20_000), max_distance=4)
    assert many == dict.fromkeys(range(1, 20_000), 0)


def test_the_largest_of_near_duplicates_stays_and_what_is_refused_stands_for_the_others(
    tmp_path: Path,
):
    records = [
        record_of("p__a", "auto", width_px=100, height_px=100, perceptual_hash=f"{1:016x}"),
        record_of("p__b", "auto", width_px=200, height_px=100, perceptual_hash=f"{3:016x}"),
        record_of("p__c", "auto", width_px=300, height_px=100, perceptual_hash=f"{FAR:016x}"),
        record_of(
            "p__d",
            "auto",
            verdict="refuse",
            reasons=("face",),
            perceptual_hash=f"{FAR + 1:016x}",
        ),
        record_of("p__e", "auto"),
    ]
    rows = FilteredRows(tmp_path / "manifest.parquet")
    write_filtered(rows.path, records)
    assert list(rows) == records
    write_filtered(rows.path, records, max_hash_distance=4)
    after = {record.key: record for record in rows}
    assert (after["p__a"].reasons, after["p__a"].duplicate_of) == (("near_duplicate",), "p__b")
    assert after["p__a"].verdict == "refuse"
    assert after["p__c"].duplicate_of == "p__d"
    assert [after[f"p__{name}"].verdict for name in "be"] == ["keep", "keep"]
    assert after["p__d"] == records[3]  # and again: what was refused stays so, and no more is
    once = rows.path.read_bytes()
    write_filtered(rows.path, reversed(list(after.values())), max_hash_distance=4)
    assert rows.path.read_bytes() == once
