from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import fx

from lienet.deployment.formats.base import Source
from lienet.deployment.formats.phone_program import (
    MAX_SIDE_PX,
    TILE_PX,
    make_program,
    trace_for_jit,
)
from lienet.deployment.tensor_names import UNKNOWN_VARIANCE

pytestmark = pytest.mark.xdist_group("onnx")


def draw(height_px: int, width_px: int) -> torch.Tensor:
    noise = np.random.default_rng(3).random((1, 3, height_px, width_px), dtype=np.float32)
    return torch.from_numpy(noise)


def list_operators(module: torch.nn.Module) -> set[str]:
    assert isinstance(module, fx.GraphModule)
    return {str(node.target) for node in module.graph.nodes if node.op == "call_function"}


@pytest.mark.parametrize("folds", [True, False])
def test_a_program_gives_what_the_network_gives_at_other_sizes_than_it_was_traced_at(
    source: Source, folds: bool
):
    program = make_program(source.model, folds=folds)
    image = draw(13, 18)
    with torch.no_grad():
        difference = program.module(image) - source.model(image)
    assert difference.abs().max() < 1e-5
    assert program.example[0].shape == (1, 3, TILE_PX, TILE_PX)


def test_mirrors_are_slices_and_nothing_is_padded(source: Source, spade_network):
    for model in (source.model, spade_network):
        operators = list_operators(make_program(model).module)
        assert not [name for name in operators if "flip" in name or ".pad" in name]


def test_weights_have_plain_strides_whatever_the_layout_of_the_network(source: Source):
    model = make_program(source.model.to(memory_format=torch.channels_last)).module
    weights = [each for each in model.state_dict().values() if each.ndim == 4]
    assert weights
    for each in weights:
        assert each.stride() == torch.empty(each.shape).stride()


def test_statistics_are_taken_one_by_one_and_a_negative_variance_asks_for_own(spade_network):
    program = make_program(spade_network)
    image, num_layers = draw(16, 24), len(spade_network.spade_layers)
    assert len(program.example) == 1 + 2 * num_layers
    assert program.multiple == spade_network.fold
    shape = (1, 4, 1, 1)
    unknown = [torch.zeros(shape), torch.full(shape, UNKNOWN_VARIANCE)] * num_layers
    given = [torch.full(shape, 0.3), torch.full(shape, 0.5)] * num_layers
    with torch.no_grad():
        own, *features = program.module(image, *unknown)
        other = program.module(image, *given)[0]
        expected = spade_network(image, list(zip(given[::2], given[1::2], strict=True)))
        assert (own - spade_network(image)).abs().max() < 1e-5
        assert (other - expected).abs().max() < 1e-5
    assert len(features) == num_layers


def test_without_statistics_the_image_is_the_only_input(spade_network):
    program = make_program(spade_network, takes_statistics=False)
    assert len(program.example) == 1
    assert program.dynamic_shapes[0] is not None
    image = draw(16, 24)
    with torch.no_grad():
        traced = trace_for_jit(program)(image)
        assert (traced - spade_network(image)).abs().max() < 1e-5


def test_sizes_are_free_up_to_the_limit(source: Source):
    program = make_program(source.model)
    exported = torch.export.export(
        program.module, program.example, dynamic_shapes=program.dynamic_shapes, strict=False
    )
    ranges = list(exported.range_constraints.values())
    assert {int(each.upper) for each in ranges} == {MAX_SIDE_PX}
