"""Random numbers depend on their name alone, and splits on the key alone."""

from __future__ import annotations

import hashlib

import numpy as np

from lienet.draws import (
    choose_test_keys,
    draw_lots,
    draw_splits,
    keyed_generator,
)


def test_the_generator_is_philox_keyed_by_the_head_of_a_sha256():
    digest = hashlib.sha256(b'[7,"patches",12,0]').digest()
    expected = np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "big")))
    drawn = keyed_generator(7, "patches", 12, 0).random(5)
    assert np.array_equal(drawn, expected.random(5))


def test_every_part_of_the_key_counts():
    names = [(7, "a", 1), (8, "a", 1), (7, "b", 1), (7, "a", 2), (7, "a", "1"), (7, "a1"), (7, "a")]
    drawn = {keyed_generator(seed, *key).integers(0, 2**63) for seed, *key in names}
    assert len(drawn) == len(names)


def test_the_order_of_asking_does_not_count():
    forward = [keyed_generator(1, step).random() for step in range(5)]
    backward = [keyed_generator(1, step).random() for step in reversed(range(5))]
    assert forward == backward[::-1]


def test_shares_are_met_and_an_image_never_moves():
    keys = [f"sample__{number}" for number in range(4000)]
    splits = draw_splits(3, keys, valid_share=0.2, test_share=0.3)
    # three standard deviations of a share of 4,000 draws are at most 0.024
    assert abs(splits.count("valid") / 4000 - 0.2) < 0.024
    assert abs(splits.count("test") / 4000 - 0.3) < 0.024
    alone = draw_splits(3, keys[::-7], valid_share=0.2, test_share=0.3)
    assert alone == splits[::-7]


def test_without_shares_everything_is_for_training():
    splits = draw_splits(3, [str(key) for key in range(100)], valid_share=0.0, test_share=0.0)
    assert set(splits) == {"train"}


def test_so_many_test_images_are_those_of_the_lowest_lots():
    keys = [f"k{number}" for number in range(50)]
    lots = {key: keyed_generator(3, "split", key).random() for key in keys}
    chosen = choose_test_keys(3, reversed(keys), num_images=8)
    assert chosen == set(sorted(keys, key=lots.__getitem__)[:8])
    with_one_more = choose_test_keys(3, [*keys, "late"], num_images=8)
    assert len(chosen - with_one_more) <= 1


def test_the_lots_of_many_images_are_those_of_a_generator_for_each():
    keys = ["", "a", "photos__k1", 'quoted " and \\ back', "é", *map(str, range(300))]
    for seed in (0, 20260, 2**63 - 1):
        lots = draw_lots(seed, keys)
        assert lots.tolist() == [keyed_generator(seed, "split", key).random() for key in keys]
    assert draw_lots(1, []).tolist() == []


def test_splits_drawn_together_are_those_drawn_one_by_one():
    keys = [f"k{number}" for number in range(200)]
    lots = draw_lots(5, keys).tolist()
    together = draw_splits(5, keys, valid_share=0.2, test_share=0.3)
    assert together == ["test" if lot < 0.3 else "valid" if lot < 0.5 else "train" for lot in lots]
    assert set(together) == {"train", "valid", "test"}


def test_which_of_several_files_of_one_name_came_first_moves_none():
    keys = [f"trip__{number}" for number in range(40)]
    counted = [f"{key}+2" for key in keys]
    shares = {"valid_share": 0.3, "test_share": 0.3}
    assert draw_splits(3, counted, **shares) == draw_splits(3, keys, **shares)
