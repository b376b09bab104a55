"""Which parts of a diagram form its trunk, and in which row each part stands."""

from __future__ import annotations

from collections.abc import Sequence

from lienet.report.diagrams.parts import Part


def find_trunk(parts: Sequence[Part]) -> list[Part]:
    """Return the way from the first part to the last through what fewest others read.

    What is read by many, such as a feature map that modulates every block, lies beside the trunk.
    Of parts that equally many read it is the one that lies further from the first.
    """
    num_readers = {id(part): 0 for part in parts}
    for part in parts:
        for source in part.sources:
            num_readers[id(source)] += 1
    lengths: dict[int, int] = {id(parts[0]): 1}
    before: dict[int, Part] = {}
    for part in parts:
        reached = [each for each in part.sources if id(each) in lengths]
        if reached:
            best = max(reached, key=lambda each: (-num_readers[id(each)], lengths[id(each)]))
            lengths[id(part)], before[id(part)] = lengths[id(best)] + 1, best
    trunk = [parts[-1]]
    while id(trunk[-1]) in before:
        trunk.append(before[id(trunk[-1])])
    return trunk[::-1]


def choose_rows(parts: Sequence[Part], trunk: Sequence[Part]) -> dict[int, int]:
    """Return each part's row, by its id: below all that it reads."""
    in_trunk = {id(part) for part in trunk}
    rows: dict[int, int] = {}
    last, taken = -1, set[int]()
    for part in parts:
        row = max((rows[id(each)] + 1 for each in part.sources), default=0)
        if id(part) in in_trunk:
            row = last = max(row, last + 1)
        else:
            while row in taken:
                row += 1
            taken.add(row)
        rows[id(part)] = row
    for part in reversed(parts):
        if id(part) in in_trunk or part.kind == "end":
            continue
        readers = [rows[id(each)] for each in parts if part in each.sources]
        lower = [row for row in range(rows[id(part)] + 1, min(readers)) if row not in taken]
        if lower:
            taken.remove(rows[id(part)])
            rows[id(part)] = lower[-1]
            taken.add(lower[-1])
    return rows
