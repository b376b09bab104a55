"""Plans: every kept photograph once, in its split, by key; the shards it is expected in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from lienet.degradations.sr import SrDegradation
from lienet.draws import choose_test_keys, draw_splits
from lienet.errors import DataError
from lienet.manifests import planning
from lienet.manifests.planning import Job, Plan, plan_task
from lienet.manifests.records import write_filtered
from lienet.manifests.trained_on import TrainedRecord, iterate_trained_on
from tests.stages.studio import Studio, record_of

MakePlan = Callable[..., Plan]


@pytest.fixture
def studio(tmp_path: Path, repository: Path) -> Studio:
    return Studio(tmp_path, repository / "profiles" / "sample.yaml")


@pytest.fixture
def plan() -> Iterator[Callable[..., Plan]]:
    """Make plans, which are open until the test ends."""
    with ExitStack() as stack:
        yield lambda studio, task="sr": stack.enter_context(
            plan_task(studio.save(), studio.workspace, task)
        )


def test_photographs_come_by_split_then_key_and_refused_ones_not_at_all(
    studio: Studio, plan: MakePlan
):
    for key, split in (("b", "train"), ("a", "train"), ("v", "valid"), ("e", "test")):
        studio.records.append(record_of(key, split, author=f"author of {key}"))
    studio.records.append(record_of("r", "train", verdict="refuse"))
    studio.records.append(record_of("x", "train", detector="exempt"))
    made = plan(studio)
    assert len(made) == 5
    assert [(job.split, job.key) for job in made.iterate()] == [
        ("train", "a"),
        ("train", "b"),
        ("valid", "v"),
        ("test", "e"),
        ("test", "x"),
    ]
    assert next(made.iterate("valid")) == Job(
        "valid", "v", "photos", "images/v.png", "0" * 64, "CC0", "author of v"
    )
    assert [made.count(split) for split in planning.SPLITS] == [2, 1, 2, 0]


def test_the_photographs_of_several_sources_are_in_one_order(studio: Studio, plan: MakePlan):
    studio.records = [record_of(key, "train") for key in ("a", "c")]
    studio.add_source("more", "train", {"b": b"", "d": b""})
    jobs = list(plan(studio).iterate("train"))
    assert [(job.key, job.source) for job in jobs] == [
        ("a", "photos"),
        ("b", "more"),
        ("c", "photos"),
        ("d", "more"),
    ]


def test_auto_is_drawn_by_key_wherever_slices_end(
    studio: Studio, plan: MakePlan, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(planning, "_ROWS_AT_ONCE", 7)
    keys = [f"k{number:02d}" for number in range(40)]
    studio.records = [record_of(key, "auto") for key in keys]
    shares = studio.content["synthesize"]["split"]
    shares = {name: shares[name] for name in ("valid_share", "test_share")}
    seed = studio.content["seed"]
    found = {job.key: job.split for job in plan(studio).iterate()}
    assert found == dict(zip(keys, draw_splits(seed, keys, **shares), strict=True))
    assert set(found.values()) == {"train", "valid", "test"}


def test_a_source_has_the_number_of_test_images_that_is_asked_for(studio: Studio, plan: MakePlan):
    keys = [f"k{number}" for number in range(12)]
    studio.records = [record_of(key, "auto") for key in keys]
    studio.content["synthesize"]["split"]["test_images"] = {"photos": 5}
    made = plan(studio)
    chosen = choose_test_keys(studio.content["seed"], keys, num_images=5)
    assert [job.key for job in made.iterate("test")] == sorted(chosen)
    assert (made.count("train"), made.count("valid")) == (7, 0)
    studio.content["synthesize"]["split"]["test_images"] = {"photos": 12}
    with pytest.raises(DataError, match="asks for 12 images of photos, and training for one more"):
        plan(studio)


def test_real_photographs_are_a_split_of_old_photo_alone(studio: Studio, plan: MakePlan):
    studio.records = [record_of("k", "train")]
    studio.add_source("old", "test", {"o": b""})
    studio.content["filter"]["exempt_sources"] = ["old"]
    studio.content["synthesize"]["real_sources"] = ["old"]
    assert [job.key for job in plan(studio, "old_photo").iterate("real")] == ["o"]
    assert plan(studio, "sr").count("real") == 0


def test_a_source_of_which_nothing_is_left_is_legal(studio: Studio, plan: MakePlan):
    assert len(plan(studio)) == 0
    assert list(plan(studio).iterate()) == []
    studio.records = [record_of("r", "train", verdict="refuse")]
    made = plan(studio)
    assert made.assign_shards("train", shard_max_bytes=10).tolist() == []


def test_shards_are_expected_by_the_rule_of_the_writer(studio: Studio, plan: MakePlan):
    bytes_per_pixel = SrDegradation.bytes_per_pixel
    sides_px = [100, 100, 100, 900, 100, 100]
    studio.records = [
        record_of(f"k{place}", "train", width_px=side_px, height_px=side_px)
        for place, side_px in enumerate(sides_px)
    ]
    limit = int(2.5 * 100 * 100 * bytes_per_pixel)
    made = plan(studio)
    # Two fit into one; the large one is alone in its own, though larger than any may be.
    assert made.assign_shards("train", shard_max_bytes=limit).tolist() == [0, 0, 1, 2, 3, 3]


def test_a_manifest_that_lacks_a_column_is_refused(studio: Studio, plan: MakePlan):
    params = studio.save()
    path = studio.workspace.filtered_dir("photos") / "manifest.parquet"
    write_filtered(path, [])
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match="is not a whole manifest"):
        plan_task(params, studio.workspace, "sr").__enter__()


def test_a_manifest_that_changes_after_the_plan_was_made_does_not_matter(
    studio: Studio, plan: MakePlan
):
    studio.records = [record_of(key, "train") for key in "ab"]
    made = plan(studio)
    path = studio.workspace.filtered_dir("photos") / "manifest.parquet"
    write_filtered(path, [record_of("a", "train", verdict="refuse"), record_of("c", "train")])
    assert [job.key for job in made.iterate()] == ["a", "b"]


def test_the_list_of_what_is_trained_on_is_the_training_split(
    studio: Studio, plan: MakePlan, tmp_path: Path
):
    studio.records = [
        record_of("b", "train", title="B", author="Bea"),
        record_of("a", "train"),
        record_of("t", "test"),
    ]
    plan(studio).write_trained_on(tmp_path / "list.parquet")
    assert list(iterate_trained_on([tmp_path / "list.parquet"], tmp_path / "spill")) == [
        TrainedRecord("a", "", "nobody", "CC0", "here", "photos"),
        TrainedRecord("b", "B", "Bea", "CC0", "here", "photos"),
    ]


def test_of_several_sources_the_leaks_of_each_are_left_out(
    studio: Studio, plan: MakePlan, caplog: pytest.LogCaptureFixture
):
    alike, other = "00000000ffffffff", "ffffffff00000000"
    studio.records = [
        record_of("a", "train", perceptual_hash=alike),
        record_of("b", "train", verdict="refuse", perceptual_hash=alike),
        record_of("c", "test", perceptual_hash=other),
        record_of("d", "train"),
    ]
    studio.add_source("more", "train", {"e": b"", "f": b"", "g": b""})
    path = studio.workspace.filtered_dir("more") / "manifest.parquet"
    params = studio.save()
    records = [
        record_of("e", "test", perceptual_hash=alike),
        record_of("f", "train", perceptual_hash=f"{int(other, 16) ^ 1:016x}"),
        record_of("g", "train"),
    ]
    write_filtered(path, [replace(record, source="more") for record in records])
    with pytest.raises(DataError, match="got a is e, f is c;"):
        plan_task(params, studio.workspace, "sr").__enter__()
    studio.content["synthesize"]["split"]["on_leak"] = "drop"
    params = studio.save()
    write_filtered(path, [replace(record, source="more") for record in records])
    with plan_task(params, studio.workspace, "sr") as made:
        assert [job.key for job in made.iterate("train")] == ["d", "g"]
        assert [job.key for job in made.iterate("test")] == ["c", "e"]
        assert made.list_sources("test") == ["more", "photos"]
    assert "f is c: it is left out" in caplog.text


def test_photographs_that_fall_to_another_split_than_before_are_told(
    studio: Studio, plan: MakePlan, tmp_path: Path
):
    note = tmp_path / "state" / "sr.parquet"
    studio.records = [record_of(f"k{n}", "test" if n % 2 else "train") for n in range(16)]
    assert plan(studio).note_splits(note) == (0, [])
    assert plan(studio).note_splits(note) == (0, [])
    moved = [replace(one, split="valid") for one in studio.records[:7]]
    studio.records = [*moved, *studio.records[7:], record_of("new", "valid")]
    assert plan(studio).note_splits(note) == (
        7,
        [f"k{n}: valid, was {'test' if n % 2 else 'train'}" for n in range(5)],
    )
    assert plan(studio).note_splits(note) == (0, [])


def test_a_broken_note_of_splits_is_made_anew(studio: Studio, plan: MakePlan, tmp_path: Path):
    studio.records = [record_of("k", "train")]
    note = tmp_path / "note.parquet"
    note.write_bytes(b"PAR1 and no more")
    assert plan(studio).note_splits(note) == (0, [])
    studio.records = [record_of("k", "test"), record_of("t", "train")]
    assert plan(studio).note_splits(note)[0] == 1
