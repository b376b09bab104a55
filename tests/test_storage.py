"""A store: objects by their hashes, whole or not there, and checked when they are read."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lienet import storage
from lienet.errors import DataError, InputError, ToolError, TransferError
from lienet.images import encode_png
from lienet.params import Params, Storage
from lienet.shards.reading import iterate_samples, name_of_shard, read_index, stream_shard
from lienet.stages import download, synthesize
from lienet.stages import filter as filter_
from lienet.storage import (
    Store,
    Uploads,
    name_object,
    open_store,
    read_pointer,
    write_pointer,
)
from tests.loopback_s3 import BUCKET, LoopbackS3, serve_s3
from tests.stages.studio import Studio, Tree, noise

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("s3")]
CONTENT = b"a photograph" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NAME = name_object("images", SHA256, ".png")


@pytest.fixture(scope="module")
def s3() -> Iterator[LoopbackS3]:
    with pytest.MonkeyPatch.context() as patch, serve_s3(patch) as served:
        yield served


@pytest.fixture(params=["s3", "file"])
def store(
    request: pytest.FixtureRequest, s3: LoopbackS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Store:
    """A store of each kind: one that writes objects whole, and one that renames them."""
    monkeypatch.setenv("LIENET_CACHE_DIR", str(tmp_path / "cache"))
    if request.param == "s3":
        return s3.store(tmp_path.name)
    return Store(f"file://{tmp_path}/store")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.png"
    path.write_bytes(CONTENT)
    return path


def test_an_object_is_named_by_its_contents():
    assert name_object("shards", "ab12", ".tar") == "shards/ab/ab12.tar"


def test_what_is_put_is_read_and_fetched(store: Store, file: Path):
    store.put(file, NAME)
    assert pickle.loads(pickle.dumps(store)).read(NAME, SHA256) == CONTENT
    fetched = store.fetch(NAME, SHA256)
    assert fetched.read_bytes() == CONTENT
    assert store.fetch(NAME, SHA256) == fetched


def test_an_object_that_is_there_is_not_sent_again_and_half_of_one_is(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
):
    sent: list[str] = []
    write = storage._write
    monkeypatch.setattr(
        storage,
        "_write",
        lambda system, path, place: (sent.append(place), write(system, path, place)),
    )
    short = file.with_name("short")
    short.write_bytes(CONTENT[:100])
    store.publish(short, NAME)
    store.put(file, NAME)
    store.put(file, NAME)
    assert len(sent) == 2
    assert store.read(NAME, SHA256) == CONTENT


def test_an_object_that_is_not_there_or_not_itself_is_named(store: Store, file: Path):
    with pytest.raises(DataError, match=rf"there is no {store.url}/{NAME}; run the stage"):
        store.read(NAME, SHA256)
    file.write_bytes(b"another photograph")
    store.publish(file, NAME)
    with pytest.raises(
        DataError, match=rf"{NAME} must have the SHA-256 {SHA256}, got .* delete it"
    ):
        store.read(NAME, SHA256)
    with pytest.raises(DataError, match="must have the SHA-256"):
        store.fetch(NAME, SHA256)
    assert not list(Path(os.environ["LIENET_CACHE_DIR"]).rglob("*.png"))


def test_uploads_remove_what_has_arrived_and_report_what_has_not(store: Store, tmp_path: Path):
    paths = [tmp_path / f"{number}.tar" for number in range(40)]
    for path in paths:
        path.write_bytes(path.name.encode())
    with Uploads(store) as uploads:
        for path in paths:
            uploads.move(path, f"shards/{path.name}")
    assert not any(path.exists() for path in paths)
    content = b"7.tar"
    assert store.read("shards/7.tar", hashlib.sha256(content).hexdigest()) == content


def test_a_write_that_breaks_leaves_nothing_and_is_one_line(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
):
    from fsspec.implementations.local import LocalFileSystem

    def break_off(self: object, source: str, target: str, **options: object) -> None:
        Path(target).write_bytes(CONTENT[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LocalFileSystem, "put_file", break_off)
    store = Store(f"file://{tmp_path}/store")
    with pytest.raises(TransferError, match=rf"cannot reach .*{NAME}: .*No space left"):
        store.put(file, NAME)
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []
    with pytest.raises(TransferError), Uploads(store) as uploads:
        uploads.move(file, NAME)
    assert file.exists()


def test_a_server_that_is_away_is_named(tmp_path: Path, file: Path, s3: LoopbackS3):
    away = Storage(url="s3://bucket/x", options={"endpoint_url": "http://127.0.0.1:9"})
    store = open_store(away)
    assert store is not None
    with pytest.raises(TransferError, match=r"cannot reach s3://bucket/x/images/.*check storage"):
        store.put(file, NAME)


def test_a_package_that_is_missing_is_named_with_its_remedy(
    file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(ToolError, match=r"needs a package: .*s3fs.*; pip install '\.\[s3\]'"):
        Store("s3a://bucket/x").put(file, NAME)


def test_a_pointer_says_where_the_bulk_lies(tmp_path: Path):
    assert read_pointer(tmp_path) is None
    store = Store("s3://bucket/x", '{"endpoint_url": "http://127.0.0.1:9"}')
    write_pointer(tmp_path, store)
    assert read_pointer(tmp_path) == store
    (tmp_path / "location.json").write_text('{"url": "s3://bucket/x"}')
    with pytest.raises(DataError, match="does not say where its data lie"):
        read_pointer(tmp_path)


def test_without_a_url_there_is_no_store():
    assert open_store(Storage(url=None, options={})) is None


def test_the_copies_used_longest_ago_make_room(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LIENET_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("LIENET_CACHE_MAX_GB", str(2.5 * len(CONTENT) / 1e9))
    store = Store(f"file://{tmp_path}/store")
    fetched = []
    for number in range(3):
        content = bytes([number]) * len(CONTENT)
        file.write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        store.put(file, name_object("shards", sha256, ".tar"))
        fetched.append(store.fetch(name_object("shards", sha256, ".tar"), sha256))
        os.utime(fetched[-1], (number, number))
    assert [path.exists() for path in fetched] == [False, True, True]
    monkeypatch.setenv("LIENET_CACHE_MAX_GB", "much")
    file.write_bytes(CONTENT)
    store.put(file, NAME)
    with pytest.raises(InputError, match="LIENET_CACHE_MAX_GB must be a number, got much"):
        store.fetch(NAME, SHA256)


def test_the_data_stages_give_the_same_manifests_and_samples_over_s3(
    s3: LoopbackS3, tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LIENET_CACHE_DIR", str(tmp_path / "cache"))
    here, there = (make_photos(tmp_path / name, repository) for name in ("here", "there"))
    expected = run_data_stages(here, here.save())
    params = there.save().model_copy(update={"storage": s3.storage("run")})
    found = run_data_stages(there, params)

    pointers = {name for name in found if name.endswith("location.json")}
    assert len(pointers) == 1 + 4  # of the raw folder, and of each split
    assert {name for name in expected if name not in found} == {
        name for name in expected if name.startswith("raw/photos/images") or name.endswith(".tar")
    }
    assert {name: found[name] for name in found.keys() - pointers} == {
        name: expected[name] for name in found.keys() - pointers
    }
    objects = s3.list("run")
    assert sum(name.startswith("images/") for name in objects) == 6
    published = {name for name in objects if not name.startswith("images/")}
    assert {name for name in published if not name.endswith(".tar")} == {
        "raw/photos/manifest.parquet",
        "filtered/photos/manifest.parquet",
        *(f"shards/face/{split}/index.json" for split in synthesize.SPLITS),
    }
    folders = [studio.workspace.shards_dir("face") / "train" for studio in (here, there)]
    own, other = (list(iterate_samples(folder)) for folder in folders)
    assert own == other
    assert len(own) > 4
    index = read_index(folders[1])
    assert list(stream_shard(folders[1], index.shards[0])) == own

    shutil.rmtree(tmp_path / "cache")
    shard = f"{BUCKET}/run/{name_of_shard(index.shards[0].sha256)}"
    s3.files().rm_file(shard)
    with pytest.raises(DataError, match=r"there is no s3://lienet-test/run/shards/.*\.tar; run"):
        list(iterate_samples(folders[1]))
    run_data_stages(there, params)  # what was lost is written again, under its old name
    assert list(iterate_samples(folders[1])) == own


def make_photos(root: Path, repository: Path) -> Studio:
    (root / "photos").mkdir(parents=True)
    for number in range(6):
        content = encode_png(noise(number, 96, 140))
        (root / "photos" / f"k{number}.png").write_bytes(content)
    studio = Studio(root, repository / "profiles" / "sample.yaml")
    studio.content["download"]["min_side_px"] = 32
    studio.content["download"]["sources"]["photos"]["split"] = "train"
    sources = studio.content["download"]["sources"]
    sources["other"] = dict(sources["photos"])
    studio.content["filter"]["consented_sources"] = ["photos"]  # no detector is needed here
    studio.content["synthesize"]["tasks"]["face"]["sources"] = ["photos"]
    return studio


def run_data_stages(studio: Studio, params: Params) -> Tree:
    """Return what lies in the workspace after download, filter and synthesize."""
    download.run(params, studio.workspace, "photos")
    filter_.run(params, studio.workspace, "photos")
    synthesize.run(params, studio.workspace, "face")
    data = studio.workspace.root / "data"
    files = (path for path in data.rglob("*") if path.is_file())
    return {str(path.relative_to(data)): path.read_bytes() for path in files}
