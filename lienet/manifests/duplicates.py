"""Photographs that are nearly the same picture, told by perceptual hashes of 64 bits.

Owns the search for near ones among millions, and which of several stays. Two images whose hashes
differ in few bits are the same picture scaled, recompressed or slightly retouched.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

import duckdb
import numpy as np

from lienet.database import append_rows, fetch_columns
from lienet.manifests.parquet_rows import GATHERED

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
Indices = np.ndarray[Any, np.dtype[np.int64]]
HASH_BITS = 64
MAX_DISTANCE = 12


def find_near(distinct: Hashes, *, max_distance: int) -> Iterator[tuple[Indices, Indices]]:
    """Find all pairs of hashes that differ in at most ``max_distance`` bits.

    The bits are cut into more bands than may differ, so that two near hashes agree in several
    whole bands: only hashes with the same such bands are compared. The more hashes, the more bands
    must agree, so that few are compared whatever their number.

    Args:
        distinct: ``(n,)``, no two of them equal.
        max_distance: 0 to 12.

    Yields:
        The two indices of pairs, a slice at a time; a pair comes at least once.
    """
    if not 0 <= max_distance <= MAX_DISTANCE:
        raise ValueError(f"max_distance must be 0 to {MAX_DISTANCE}, got {max_distance}")
    if max_distance == 0:
        return
    num_agreeing = 1
    needed_bits = max(1, len(distinct)).bit_length()
    while HASH_BITS * num_agreeing // (max_distance + num_agreeing) < needed_bits:
        num_agreeing += 1
    edges = np.linspace(0, HASH_BITS, max_distance + num_agreeing + 1).round().astype(int)
    bands = [np.uint64(((1 << (high - low)) - 1) << low) for low, high in pairwise(edges.tolist())]
    for chosen in combinations(bands, num_agreeing):
        mask = np.bitwise_or.reduce(np.array(chosen, np.uint64))
        masked = distinct & mask
        order = np.argsort(masked, kind="stable")
        yield from _compare_neighbours(distinct[order], masked[order], order, max_distance)


def _compare_neighbours(
    ranked: Hashes, masked: Hashes, order: Indices, max_distance: int
) -> Iterator[tuple[Indices, Indices]]:
    """Compare each hash with those after it that agree in the same bands."""
    start = np.arange(len(ranked))
    for step in range(1, len(ranked)):
        start = start[: np.searchsorted(start, len(ranked) - step)]
        start = start[masked[start] == masked[start + step]]
        if not len(start):
            return
        distance = np.bitwise_count(ranked[start] ^ ranked[start + step])
        near = start[distance <= max_distance]
        if len(near):
            yield order[near], order[near + step]


def choose_duplicates(hashes: Hashes, ranks: Indices, *, max_distance: int) -> dict[int, int]:
    """Return which images are near-duplicates of which: refused index → the index that stays.

    Images are gone through by rank; one that is near to an earlier one that stays is refused.

    Args:
        hashes: ``(n,)``; some may be equal.
        ranks: ``(n,)``, distinct; the lowest of several near ones stays.
        max_distance: as in :func:`find_near`.
    """
    distinct, group_of, sizes = np.unique(hashes, return_inverse=True, return_counts=True)
    near = find_neighbours(distinct, max_distance)
    alone = sizes == 1
    alone[list(near)] = False
    concerned = np.flatnonzero(~alone[group_of])
    stays: dict[int, int] = {}  # group → its image of the lowest rank, if that stays
    stands_for: dict[int, int] = {}  # group → the image that stays for it
    refused: dict[int, int] = {}
    for index in concerned[np.argsort(ranks[concerned])].tolist():
        group = int(group_of[index])
        if group not in stands_for:
            kept = [stays[other] for other in near.get(group, ()) if other in stays]
            stands_for[group] = min(kept, key=lambda other: int(ranks[other]), default=index)
            if not kept:
                stays[group] = index
        if stands_for[group] != index:
            refused[index] = stands_for[group]
    return refused


def find_neighbours(distinct: Hashes, max_distance: int) -> dict[int, set[int]]:
    """Return :func:`find_near`'s pairs as the neighbours of each index that has any."""
    near: dict[int, set[int]] = {}
    for left, right in find_near(distinct, max_distance=max_distance):
        for one, other in zip(left.tolist(), right.tolist(), strict=True):
            near.setdefault(one, set()).add(other)
            near.setdefault(other, set()).add(one)
    return near


def refuse_duplicates(connection: duckdb.DuckDBPyConnection, *, max_distance: int) -> str:
    """Find near-duplicates among gathered rows of a filtered manifest.

    One that is refused for another reason stands for the others: what was seen in it is in them.
    Otherwise the largest stays, and of equal ones the first by key. What an earlier run refused for
    another one, and removed, stays refused for that.

    Args:
        connection: holds the rows in the table ``GATHERED``.
        max_distance: as in :func:`find_near`.

    Returns:
        The query of all rows, those refused that are near-duplicates of another.
    """
    query = f"""
        SELECT rowid, ('0x' || perceptual_hash)::UBIGINT, verdict = 'keep', width_px * height_px
        FROM {GATHERED} WHERE perceptual_hash <> '' AND duplicate_of = '' ORDER BY key
    """
    rows, hashes, is_kept, num_pixels = fetch_columns(connection, query)
    ranks = np.empty(len(rows), np.int64)
    ranks[np.lexsort((-num_pixels, is_kept))] = np.arange(len(rows))
    refused = choose_duplicates(hashes, ranks, max_distance=max_distance)
    connection.execute("CREATE TABLE duplicates (row BIGINT, stays BIGINT)")
    pairs = ((int(rows[index]), int(rows[stays])) for index, stays in refused.items())
    append_rows(connection, "duplicates", pairs)
    return f"""
        SELECT one.* REPLACE (
            if(near.key IS NULL, verdict, 'refuse') AS verdict,
            if(
                near.key IS NULL,
                reasons,
                list_sort(list_distinct(list_append(reasons, 'near_duplicate')))
            ) AS reasons,
            coalesce(near.key, duplicate_of) AS duplicate_of
        )
        FROM {GATHERED} one
        LEFT JOIN (
            SELECT duplicates.row, key
            FROM duplicates JOIN {GATHERED} other ON other.rowid = duplicates.stays
        ) near ON near.row = one.rowid
    """
