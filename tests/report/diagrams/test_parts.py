"""The parts of the paper's networks are those of its figures; no architecture loses any."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest
from torch import nn

from lienet.evaluation.complexity import count_macs
from lienet.params import Model
from lienet.report.diagrams.parts import Scheme, list_schemes, name_class
from lienet.report.diagrams.recording import record
from tests.networks import specs

SPECS = {name: make for name, make in vars(specs).items() if name.endswith("_spec")}


@lru_cache(maxsize=len(SPECS) + 4)
def open_schemes(spec: Model) -> list[Scheme]:
    sides = {"height_px": 96 // spec.scale, "width_px": 128 // spec.scale}
    return list_schemes(record(spec.build(), **sides))


def tell(scheme: Scheme) -> list[tuple[str, str, list[int]]]:
    """Return each part's title, its first line and the places of what it reads."""
    places = {id(part): place for place, part in enumerate(scheme.parts)}
    return [
        (part.title, "".join(part.lines), [places[id(each)] for each in part.sources])
        for part in scheme.parts
    ]


def test_the_whole_is_that_of_figure_2a():
    whole = open_schemes(specs.lienet_spec())[0]
    assert tell(whole) == [
        ("degraded", "3 × 24 × 32", []),
        ("Self feature extraction", "8 convolutions", [0]),
        ("3×3 convolution", "head: 3 → 16, leaky ReLU", [0]),
        ("Dense modulation block", "7 convolutions", [2, 1]),
        *(("Dense modulation block", "7 convolutions", [before, 1]) for before in range(3, 8)),
        ("3×3 convolution", "tail: 16 → 48", [8]),
        ("Bicubic upsampling", "", [0]),
        ("+", "", [9, 10]),
        ("pixel-shuffle ×4", "", [11]),
        ("output", "3 × 96 × 128", [12]),
    ]
    assert [part.is_fixed for part in whole.parts].index(True) == 10
    # 3 x 16 x 9 weights and 16 biases; 24 x 32 pixels.
    assert (whole.parts[2].num_params, whole.parts[2].num_macs) == (448, 768 * 432)


def test_the_block_is_that_of_figure_4_with_a_sum_around_it():
    blocks = [each for each in open_schemes(specs.lienet_spec()) if "block" in each.title]
    dense = next(each for each in blocks if each.title == "Dense modulation block")
    assert tell(dense) == [
        ("features", "", []),
        ("condition", "", []),
        ("3×3 convolution", "16 → 16, leaky ReLU", [0]),
        ("concatenate", "", [0, 2]),
        ("Modulation", "2 convolutions", [1, 3]),
        ("3×3 convolution", "32 → 16, leaky ReLU", [4]),
        ("concatenate", "", [4, 5]),
        ("Modulation", "2 convolutions", [1, 6]),
        ("3×3 convolution", "fusion: 48 → 16", [7]),
        ("+", "", [0, 8]),
        ("output", "", [9]),
    ]
    assert dense.paths == tuple(f"blocks.{number}" for number in range(6))


def test_modules_that_differ_in_channels_alone_are_shown_once():
    modulations = [
        each for each in open_schemes(specs.enhancement_spec()) if each.title == "Modulation"
    ]
    # Four in each of six blocks, and one in each of two SPADE layers.
    assert [len(each.paths) for each in modulations] == [26]


def test_spade_normalises_its_features_and_a_sum_leads_around_it():
    whole, *others = open_schemes(specs.enhancement_spec())
    spade = next(each for each in others if each.title == "Spade")
    assert [part.title for part in spade.parts][:3] == ["features", "guide", "normalise"]
    first = next(part for part in whole.parts if part.path == "guides.0")
    reader = next(part for part in whole.parts if first in part.sources)
    assert (reader.title, reader.sources) == ("+", [first.sources[0], first])


@pytest.mark.parametrize("make", SPECS.values(), ids=SPECS)
def test_every_part_of_an_architecture_is_read_and_costs_add_up(make: Callable[[], Model]):
    spec = make()
    schemes = open_schemes(spec)
    sides = {"output_height_px": 96, "output_width_px": 128}
    assert schemes[0].num_macs == count_macs(spec.build(), scale=spec.scale, **sides)
    for scheme in schemes:
        *parts, end = scheme.parts
        read = {id(source) for part in scheme.parts for source in part.sources}
        assert {id(part) for part in parts} == read
        assert end.title == "output"
        assert any(part.kind == "end" for part in parts)


def test_a_class_is_named_in_words():
    assert name_class(nn.BatchNorm2d(1)) == "Batch norm"
    assert name_class(nn.ModuleDict()) == "Module dict"
