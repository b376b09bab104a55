"""The two stores: the same draws in any order and after any interruption, and bounded memory."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import numpy as np
import pytest

from lienet.errors import DataError
from lienet.images import encode_jpeg, encode_png
from lienet.shards import patches
from lienet.shards.pairs import Pair, decode_pairs
from lienet.shards.patch_sampling import BatchRequest
from lienet.shards.patches import PatchStore, PatchStream, read_tiles
from lienet.shards.reading import Sample, read_index
from lienet.shards.writing import write_split

NUM_TILES = 23


@pytest.fixture(scope="module")
def split_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """23 flat tiles in several shards, each of its own grey: 10 times its number."""
    folder = tmp_path_factory.mktemp("shards") / "train"
    samples = []
    for number in range(NUM_TILES):
        tile = np.full((64, 96, 3), 10 * number, np.uint8)
        jpeg = encode_jpeg(tile[::4, ::4], quality=95, chroma="4:4:4")
        samples.append(Sample(f"img_{number}", encode_png(tile), {4: jpeg}, {}))
    write_split(folder, samples, task="sr", split="train", params={}, shard_max_bytes=5 * 4096)
    assert [shard.num_samples for shard in read_index(folder).shards] == [5, 5, 5, 5, 3]
    return folder


def numbers_of(batch: np.ndarray) -> list[int]:
    """Tell by their grey which tiles the patches of a batch came from."""
    return [round(float(patch.mean()) / 10) for patch in batch]


def draw(source: PatchStore | PatchStream, step: int, **changes: int) -> Pair:
    chosen = {"seed": 1, "step": step, "batch_size": 8, "patch_px": 16, **changes}
    return source.draw(BatchRequest(**chosen))


def test_the_store_holds_every_tile_in_order(split_dir: Path):
    store = PatchStore.load(split_dir, scale=4)
    references = np.stack([reference for _, reference in store.tiles])
    assert numbers_of(references) == list(range(NUM_TILES))


def test_a_draw_depends_on_seed_step_and_rank_alone(split_dir: Path):
    store = PatchStore.load(split_dir, scale=4)
    first = draw(store, 5)
    draw(store, 6)
    again = draw(PatchStore.load(split_dir, scale=4), 5)
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert first[0].shape == (8, 16, 16, 3)
    assert first[1].shape == (8, 64, 64, 3)
    assert numbers_of(first[0]) == numbers_of(first[1])
    others = [draw(store, 6), draw(store, 5, seed=2), draw(store, 5, rank=1)]
    assert all(not np.array_equal(first[0], other[0]) for other in others)


def test_draws_spread_over_all_tiles(split_dir: Path):
    _, references = draw(PatchStore.load(split_dir, scale=4), 0, batch_size=400)
    assert set(numbers_of(references)) == set(range(NUM_TILES))


def test_patches_larger_than_the_tiles_are_refused(split_dir: Path):
    for source in (PatchStore.load(split_dir, scale=4), PatchStream(split_dir, scale=4)):
        with pytest.raises(DataError, match="a patch of 24 px does not fit into the tiles of"):
            draw(source, 0, patch_px=24)


def test_an_empty_split_is_refused(tmp_path: Path):
    folder = tmp_path / "train"
    write_split(folder, [], task="sr", split="train", params={}, shard_max_bytes=1)
    for load in (PatchStore.load, PatchStream):
        with pytest.raises(DataError, match="holds no tiles"):
            load(folder, scale=4)
    assert read_tiles(folder, scale=4, max_tiles=3) == []


def test_a_scale_that_was_not_made_is_refused(split_dir: Path):
    with pytest.raises(DataError, match="img_0 has no input of scale 2"):
        PatchStore.load(split_dir, scale=2)


@pytest.mark.parametrize(
    ("max_tiles", "chosen"), [(4, [0, 5, 11, 17]), (1, [0]), (100, list(range(NUM_TILES)))]
)
def test_tiles_for_validation_are_evenly_spread(split_dir: Path, max_tiles: int, chosen: list[int]):
    tiles = read_tiles(split_dir, scale=4, max_tiles=max_tiles)
    assert numbers_of(np.stack([reference for _, reference in tiles])) == chosen


def open_stream(split_dir: Path, **changes: int) -> PatchStream:
    chosen = {"scale": 4, "window_tiles": 6, "patches_per_tile": 4, **changes}
    return PatchStream(split_dir, **chosen)


def test_a_stream_taken_up_anywhere_draws_as_an_unbroken_one(split_dir: Path):
    unbroken = open_stream(split_dir)
    expected = [draw(unbroken, step) for step in range(40)]
    for order in ([0, 17, 18, 39, 3], [39], [11, 11]):
        taken_up = open_stream(split_dir)
        for step in order:
            for got, wanted in zip(draw(taken_up, step), expected[step], strict=True):
                assert np.array_equal(got, wanted)


def test_a_stream_ends_its_threads_when_it_is_let_go(split_dir: Path):
    gc.disable()  # collected as garbage, it would join its threads in any thread, its own too
    try:
        before = set(threading.enumerate())
        stream = open_stream(split_dir)
        draw(stream, 0)
        assert set(threading.enumerate()) - before
        del stream
        assert set(threading.enumerate()) <= before
    finally:
        gc.enable()


def test_a_new_seed_begins_another_order(split_dir: Path):
    stream = open_stream(split_dir)
    expected = draw(open_stream(split_dir), 3, seed=9)[0]
    draw(stream, 2)
    assert np.array_equal(draw(stream, 3, seed=9)[0], expected)
    assert not np.array_equal(draw(stream, 3)[0], expected)


def test_the_window_moves_on_and_decodes_each_tile_once_in_an_epoch(
    split_dir: Path, monkeypatch: pytest.MonkeyPatch
):
    decoded: list[str] = []

    def watch(samples, scale, **options):
        def note():
            for sample in samples:
                decoded.append(sample.key)
                yield sample

        return decode_pairs(note(), scale, **options)

    monkeypatch.setattr(patches, "decode_pairs", watch)
    stream = open_stream(split_dir)
    seen = {number for step in range(12) for number in numbers_of(draw(stream, step)[1])}
    # 12 steps of 8 patches at 4 for each tile: the window of 6 ends at tile 6 + 11 * 8 / 4 = 28,
    # and as many as 5 samples are read ahead of it.
    assert seen == set(range(NUM_TILES))
    assert 28 <= len(decoded) <= 33
    assert sorted(decoded[:NUM_TILES]) == sorted(f"img_{number}" for number in range(NUM_TILES))
    assert decoded[:NUM_TILES] != decoded[NUM_TILES : 2 * NUM_TILES]


def test_a_patch_comes_out_of_the_window_only(split_dir: Path):
    stream = open_stream(split_dir, window_tiles=2)
    for step in range(20):
        assert len(set(numbers_of(draw(stream, step)[1]))) <= 2


def test_a_window_as_large_as_the_split_holds_it_once(split_dir: Path):
    stream = PatchStream(split_dir, scale=4)
    _, references = draw(stream, 0, batch_size=400)
    assert set(numbers_of(references)) == set(range(NUM_TILES))


def test_processes_share_the_batch_of_one_out_of_the_store(split_dir: Path):
    store = PatchStore.load(split_dir, scale=4, num_threads=3)
    whole = draw(store, 5)
    shares = [draw(store, 5, rank=rank, num_ranks=2) for rank in (0, 1)]
    for side in (0, 1):
        joined = np.concatenate([share[side] for share in shares])
        assert np.array_equal(joined, whole[side])


def test_processes_decode_tiles_of_their_own_in_a_stream(split_dir: Path):
    seen = []
    for rank in (0, 1):
        stream = open_stream(split_dir, window_tiles=100)
        drawn = draw(stream, 0, batch_size=800, rank=rank, num_ranks=2)
        assert len(drawn[0]) == 400
        seen.append(set(numbers_of(drawn[1])))
    assert seen[0] | seen[1] == set(range(NUM_TILES))
    assert len(seen[0]) == 12
    assert len(seen[0] & seen[1]) <= 1  # the 24th of the sequence is of the next epoch


def test_more_threads_decode_the_same_stream(split_dir: Path):
    one, three = open_stream(split_dir), open_stream(split_dir, num_threads=3)
    for step in range(12):
        for got, wanted in zip(draw(three, step), draw(one, step), strict=True):
            assert np.array_equal(got, wanted)
