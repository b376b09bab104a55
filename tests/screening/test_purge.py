"""What is refused can be removed, and only that."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import skimage.data
import yaml

from lienet.errors import DataError, InputError
from lienet.files import sha256_of_file
from lienet.images import encode_png
from lienet.manifests.photographs import Photographs, move_photographs
from lienet.manifests.records import FilterRecord, write_filtered
from lienet.screening.purge import iterate_purged, purge_refused, skip_purged
from lienet.storage import Store
from tests.folder_source import folder_source
from tests.small_clone import Clone, copy_project, stages_run
from tests.stages.studio import record_of


@pytest.fixture
def raw_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    (folder / "images").mkdir(parents=True)
    return folder


def _store(raw_dir: Path, name: str, verdict: str) -> FilterRecord:
    content = f"the bytes of {name}".encode()
    record = record_of(
        f"p__{name}",
        "auto",
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        verdict=verdict,
        reasons=("face",) if verdict == "refuse" else (),
    )
    (raw_dir / record.path).write_bytes(content)
    return record


def _list(tmp_path: Path, records: list[FilterRecord]) -> Path:
    path = tmp_path / "filtered.parquet"
    write_filtered(path, records)
    return path


def purge(raw_dir: Path, records: list[FilterRecord], depot: Path | None = None) -> int:
    listed = _list(raw_dir.parent, records)
    return purge_refused(Photographs(raw_dir, None), depot or raw_dir / "none", listed)


def test_refused_files_are_removed_and_their_rows_stay(raw_dir: Path, tmp_path: Path):
    kept, refused = _store(raw_dir, "kept", "keep"), _store(raw_dir, "face", "refuse")
    assert purge(raw_dir, [kept, refused]) == 1
    assert (raw_dir / kept.path).read_bytes() == b"the bytes of kept"
    assert not (raw_dir / refused.path).exists()
    assert list(iterate_purged(raw_dir)) == [refused]
    assert purge(raw_dir, [kept, refused]) == 0


def test_a_linked_copy_elsewhere_keeps_its_bytes(raw_dir: Path, tmp_path: Path):
    refused = _store(raw_dir, "face", "refuse")
    cached = tmp_path / "cached"
    os.link(raw_dir / refused.path, cached)
    cached.chmod(0o444)
    purge(raw_dir, [refused])
    assert cached.read_bytes() == b"the bytes of face"


def test_dvcs_cache_loses_its_copy_of_what_is_refused_alone(raw_dir: Path, tmp_path: Path):
    kept, refused = _store(raw_dir, "kept", "keep"), _store(raw_dir, "face", "refuse")
    cached = {}
    for record in (kept, refused):
        md5 = hashlib.md5((raw_dir / record.path).read_bytes()).hexdigest()
        cached[record.key] = tmp_path / "cache/files/md5" / md5[:2] / md5[2:]
        cached[record.key].parent.mkdir(parents=True)
        cached[record.key].write_bytes((raw_dir / record.path).read_bytes())
    listed = _list(tmp_path, [kept, refused])
    photographs = Photographs(raw_dir, None)
    purge_refused(photographs, tmp_path / "none", listed, cache_dir=tmp_path / "cache")
    assert [path.exists() for path in cached.values()] == [True, False]


def test_fetched_copy_is_removed_too_under_any_name(raw_dir: Path, tmp_path: Path):
    kept, refused = _store(raw_dir, "kept", "keep"), _store(raw_dir, "face", "refuse")
    depot = tmp_path / "depot" / "files"
    depot.mkdir(parents=True)
    for record, name in ((kept, "0001.jpg"), (refused, "0002.jpg")):
        (depot / name).write_bytes((raw_dir / record.path).read_bytes())
    (depot / "0003.jpg").write_bytes(b"X" * refused.size_bytes)
    purge(raw_dir, [kept, refused], depot=depot.parent)
    assert sorted(path.name for path in depot.iterdir()) == ["0001.jpg", "0003.jpg"]


def test_a_run_that_was_killed_between_record_and_removal_is_finished(
    raw_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    records = [_store(raw_dir, name, "refuse") for name in ("one", "two")]
    assert list(skip_purged(records, raw_dir)) == records
    unlink = Path.unlink

    def die_at_two(self: Path, missing_ok: bool = False) -> None:
        if "two" in self.name:
            raise KeyboardInterrupt
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", die_at_two)
    with pytest.raises(KeyboardInterrupt):
        purge(raw_dir, records)
    monkeypatch.undo()
    assert list(skip_purged(records, raw_dir)) == records[1:]
    assert [record.key for record in iterate_purged(raw_dir)] == ["p__one"]
    assert purge(raw_dir, records) == 1
    assert list(iterate_purged(raw_dir)) == records


def test_a_file_that_came_back_counts_as_not_purged(raw_dir: Path, tmp_path: Path):
    refused = _store(raw_dir, "face", "refuse")
    purge(raw_dir, [refused])
    (raw_dir / refused.path).write_bytes(b"downloaded anew")
    assert list(iterate_purged(raw_dir)) == []


def test_nothing_refused_changes_nothing(raw_dir: Path, tmp_path: Path):
    kept = _store(raw_dir, "kept", "keep")
    assert purge(raw_dir, [kept]) == 0
    assert sorted(path.name for path in raw_dir.iterdir()) == ["images"]


def test_file_that_cannot_be_removed_is_one_clear_error(raw_dir: Path, tmp_path: Path):
    refused = replace(_store(raw_dir, "face", "refuse"), path="images/folder")
    (raw_dir / refused.path).mkdir()
    with pytest.raises(InputError, match="cannot remove a refused image"):
        purge(raw_dir, [refused])


def test_refused_object_is_removed_from_a_store_and_a_second_run_is_quiet(
    raw_dir: Path, tmp_path: Path
):
    store = Store((tmp_path / "bucket").as_uri())
    kept, refused = _store(raw_dir, "kept", "keep"), _store(raw_dir, "face", "refuse")
    list(move_photographs([kept, refused], raw_dir, store))
    photographs = Photographs.find(raw_dir)
    for _ in range(2):
        purge_refused(photographs, tmp_path / "none", _list(tmp_path, [kept, refused]))
    assert photographs.read(kept.path, kept.sha256) == b"the bytes of kept"
    with pytest.raises(DataError, match="there is no"):
        photographs.read(refused.path, refused.sha256)
    assert list(iterate_purged(raw_dir)) == [refused]


@pytest.mark.slow
def test_dvc_agrees_with_what_was_purged_once_it_is_told(tmp_path: Path, repository: Path):
    """As docs/privacy.md says: commit download; a second repro does nothing, a push takes none."""
    clone = Clone(tmp_path / "clone")
    copy_project(repository, clone.root)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("astronaut", "coffee"):
        content = encode_png(getattr(skimage.data, name)())
        (pictures / f"{name}.png").write_bytes(content)
    params = yaml.safe_load((clone.root / "profiles/sample.yaml").read_text())
    sources = params["download"]["sources"]
    sources["sample"] = folder_source(path=str(pictures))
    params["filter"]["purge_refused"] = True
    (clone.root / "params.yaml").write_text(yaml.safe_dump(params))
    (clone.root / "dvc.lock").unlink(missing_ok=True)
    clone.run("git", "init", "--quiet")
    clone.run("dvc", "repro", "filter@sample")
    images = clone.root / "data/raw/sample/images"
    assert [path.name for path in images.iterdir()] == ["sample__coffee.png"]
    secret = sha256_of_file(pictures / "astronaut.png")
    cache = clone.root / ".dvc/cache"
    assert secret not in {sha256_of_file(path) for path in cache.rglob("*") if path.is_file()}
    clone.run("dvc", "remote", "add", "--default", "team", str(tmp_path / "remote"))
    clone.run("dvc", "push", "filter@sample", "download@sample")
    clone.run("dvc", "commit", "--force", "download@sample")
    assert stages_run(clone.run("dvc", "repro", "filter@sample")) == set()
    clone.run("dvc", "push", "filter@sample", "download@sample")
    pushed = {sha256_of_file(path) for path in (tmp_path / "remote").rglob("*") if path.is_file()}
    assert sha256_of_file(images / "sample__coffee.png") in pushed
    assert secret not in pushed
    left = {sha256_of_file(path) for path in clone.root.rglob("*") if path.is_file()}
    assert secret not in left
    shutil.rmtree(clone.root / "data/raw/sample")
    clone.run("dvc", "checkout", "data/raw/sample")
    assert [path.name for path in images.iterdir()] == ["sample__coffee.png"]
    (refused,) = iterate_purged(images.parent)
    assert refused.key == "sample__astronaut"
