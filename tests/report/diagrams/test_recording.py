"""A forward pass is recorded as torch runs it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lienet.evaluation.complexity import count_macs
from lienet.report.diagrams.recording import record
from tests.networks.specs import enhancement_spec


class Halves(nn.Module):
    """Two convolutions, the second of what the first makes of a half, and weights of its own."""

    gain: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 2, 3, padding=1)
        self.second = nn.Sequential(nn.Conv2d(2, 3, 1))
        self.register_buffer("gain", torch.tensor(2.0))

    def forward(self, picture: Tensor) -> Tensor:
        """Enhance."""
        hidden = functional.relu(self.first(picture), inplace=True)
        enhanced: Tensor = self.second(hidden.float()) * self.gain[None]
        return enhanced


def test_each_operation_is_known_with_its_module_and_what_it_reads():
    recording = record(Halves(), height_px=8, width_px=10)
    told = [
        (each.name, [call.path for call in each.calls][1:], sorted(each.owners), each.num_macs)
        for each in recording.operations
    ]
    # 80 pixels: 3 x 2 x 9 and 2 x 3 multiply-adds for each. What changes no type is no operation.
    assert told == [
        ("conv2d", ["first"], ["first"], 80 * 54),
        ("relu", [], [], 0),
        ("conv2d", ["second", "second.0"], ["second.0"], 80 * 6),
        ("mul", [], [""], 0),
    ]
    first, relu, second, scaled = recording.operations
    assert recording.network.arguments == {first.inputs[0]: "picture"}
    assert first.outputs == relu.inputs != relu.outputs == second.inputs
    assert recording.network.results == list(scaled.outputs)
    assert (recording.input_shape, recording.output_shape) == ((1, 3, 8, 10), (1, 3, 8, 10))


def test_the_network_is_left_as_it_was_and_all_multiply_adds_are_found():
    network = enhancement_spec().build().train()
    recording = record(network, height_px=64, width_px=96)
    assert network.training
    assert not network._forward_hooks
    assert next(network.parameters()).device.type == "cpu"
    counted = count_macs(network, scale=1, output_height_px=64, output_width_px=96)
    assert sum(each.num_macs for each in recording.operations) == counted
