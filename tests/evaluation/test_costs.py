from __future__ import annotations

from pathlib import Path

import pytest

from lienet.evaluation.costs import Cost, draw_costs, list_costs
from lienet.params import Params, load_params
from lienet.text_tables import print_tables
from tests.networks.specs import srgan_spec


@pytest.fixture(scope="module")
def params(repository: Path) -> Params:
    return load_params(repository / "profiles" / "sample.yaml")


def test_a_small_network_costs_what_is_counted_by_hand(params: Params):
    spec = srgan_spec(name="tiny", scale=2, channels=4, num_blocks=1, batch_norm=False)
    (cost,) = list_costs(params.model_copy(update={"models": {"sr-tiny": spec}}))
    # 9x9 ends, three 3x3 of 4 -> 4, one 3x3 of 4 -> 16; PReLU's slope in head, block, upsampling.
    weights = {"head": 3 * 4 * 81, "body": 3 * 4 * 4 * 9, "shuffle": 4 * 16 * 9, "tail": 4 * 3 * 81}
    biases = 4 + 3 * 4 + 16 + 3
    low_px, high_px = (720 // 2) * (1280 // 2), 720 * 1280
    assert cost.num_params == sum(weights.values()) + biases + 3
    low = weights["head"] + weights["body"] + weights["shuffle"]
    assert cost.num_macs == low * low_px + weights["tail"] * high_px
    assert cost.macs_output_px == (720, 1280)


def test_every_model_is_listed_in_order(params: Params):
    costs = list_costs(params)
    assert [f"{cost.task}-{cost.name}" for cost in costs] == list(params.models)
    assert all(cost.num_params > 0 and cost.num_macs > 0 for cost in costs)


def test_the_enhancement_network_costs_what_is_counted_by_hand(params: Params):
    (cost,) = list_costs(params.model_copy(update={"models": {"a": params.models["face-lienet"]}}))
    assert cost.num_params == 308_816
    down = 3 * 16 * 9 * 16 + 64 * 16 * 9 * 4 + 64 * 16 * 9
    guides = sum(16 * 16 * factor**2 + 2 * 16 * 16 for factor in (2, 4))
    self_features = 48 * 16 * 9 + 7 * 16 * 16 * 9
    convs = 16 * 16 * 9 * (1 + 2 + 3 + 4) + 2 * 16 * (32 + 48 + 64 + 80) + 80 * 16 * 9
    folded = down + guides + self_features + 6 * convs + 16 * 48 * 9
    assert cost.num_macs == folded * (720 // 4) * (1280 // 4)
    odd = params.evaluate.model_copy(
        update={"macs_output_height_px": 718, "macs_output_width_px": 1277}
    )
    (padded,) = list_costs(
        params.model_copy(update={"models": {"a": params.models["face-lienet"]}, "evaluate": odd})
    )
    assert padded.num_macs == cost.num_macs


def test_the_table_is_aligned_and_says_the_output_size(capsys):
    costs = [
        Cost("sr", "lienet", "lienet", 4, 124_587, 6_543_000_000, (720, 1280)),
        Cost("sr", "tiny", "srgan", 4, 12, 69_000_000, (720, 1280)),
    ]
    print_tables(draw_costs(costs))
    assert capsys.readouterr().out.splitlines() == [
        "model      architecture  scale  parameters  multiply-adds 1280x720",
        "sr-lienet  lienet           x4     124,587                  6.54 G",
        "sr-tiny    srgan            x4          12                  0.07 G",
    ]
