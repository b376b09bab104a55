"""The trunk goes straight down, and all stands below what it reads."""

from __future__ import annotations

from lienet.report.diagrams.parts import Part
from lienet.report.diagrams.rows import choose_rows, find_trunk
from tests.networks import specs
from tests.report.diagrams.test_parts import open_schemes


def test_the_trunk_leads_through_what_fewest_read():
    whole, *_ = open_schemes(specs.lienet_spec())
    assert [part.path or part.title for part in find_trunk(whole.parts)] == [
        "degraded", "head", *(f"blocks.{number}" for number in range(6)), "tail",
        "+", "pixel-shuffle ×4", "output",
    ]  # fmt: skip


def test_of_equals_the_trunk_leads_through_what_lies_further_off():
    given = Part("end", "input")
    near = Part("module", "near", sources=[given])
    before = Part("module", "before", sources=[given])
    far = Part("module", "far", sources=[before])
    end = Part("end", "output", sources=[near, far])
    assert find_trunk([given, near, before, far, end]) == [given, before, far, end]


def test_the_trunk_begins_at_the_first_input():
    features, condition = Part("end", "features"), Part("end", "condition")
    alpha = Part("module", "alpha", sources=[condition])
    product = Part("operation", "x", sources=[alpha, features])
    end = Part("end", "output", sources=[product])
    assert find_trunk([features, condition, alpha, product, end]) == [features, product, end]


def test_what_is_beside_the_trunk_has_rows_of_its_own_as_low_as_it_may():
    given = Part("end", "input")
    early = Part("module", "early", sources=[given])
    late = Part("module", "late", sources=[given])
    first = Part("module", "first", sources=[given])
    second = Part("module", "second", sources=[first, early])
    third = Part("module", "third", sources=[second])
    total = Part("operation", "+", sources=[third, late])
    parts = [given, early, late, first, second, third, total]
    rows = choose_rows(parts, [given, first, second, third, total])
    assert [rows[id(part)] for part in parts] == [0, 1, 3, 1, 2, 3, 4]
