"""Listed files come in the list's order with what is known of each, and are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lienet.catalogues.found import FoundFile
from lienet.catalogues.remote import Listed, fetch_listed, fetch_one
from lienet.errors import TransferError
from lienet.transfer.batches import RemoteFile
from tests.catalogues.bucket import Bucket, make_depot, make_jpeg


def list_files(bucket: Bucket, names: list[str]) -> Iterator[Listed]:
    for name in names:
        found = FoundFile(name, "", "CC0", "A", f"origin of {name}", "auto", title=f"T {name}")
        yield Listed(RemoteFile(f"{bucket.url}/{name}", f"a/{name}"), found)


def test_every_listed_file_is_found_in_order_or_has_a_reason(
    bucket: Bucket, tmp_path: Path
) -> None:
    names = [f"{number}.jpg" for number in range(6)]
    for number, name in enumerate(names):
        bucket.files[name] = make_jpeg(number)
    del bucket.files["4.jpg"]
    depot = make_depot(tmp_path)
    found = list(fetch_listed(lambda: list_files(bucket, names), depot))
    assert [file.name for file in found] == names
    assert [file.refusal for file in found] == ["", "", "", "", "missing", ""]
    assert {file.is_kept for file in found} == {True}
    assert found[5].title == "T 5.jpg"
    assert Path(found[5].location) == depot.files_dir / "a" / "5.jpg"
    assert found[5].read(10**6).head == bucket.files["5.jpg"]


def test_all_is_fetched_before_any_is_looked_at(bucket: Bucket, tmp_path: Path) -> None:
    bucket.files["0.jpg"] = make_jpeg(0)
    fetch_listed(lambda: list_files(bucket, ["0.jpg"]), make_depot(tmp_path))
    assert bucket.asked["0.jpg"] == 1


@pytest.mark.parametrize("content", [None, b""])
def test_list_that_cannot_be_fetched_is_a_one_line_error(
    bucket: Bucket, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        bucket.files["list.csv"] = content
    file = RemoteFile(f"{bucket.url}/list.csv", "list.csv", is_image=False)
    with pytest.raises(TransferError, match=r"cannot fetch .*list.csv: .*; try again, or put"):
        fetch_one(file, make_depot(tmp_path))


def test_one_file_lies_among_the_lists(bucket: Bucket, tmp_path: Path) -> None:
    bucket.files["list.csv"] = b"a,b\n"
    depot = make_depot(tmp_path)
    path = fetch_one(RemoteFile(f"{bucket.url}/list.csv", "list.csv", is_image=False), depot)
    assert path == depot.lists_dir / "list.csv"
    assert path.read_bytes() == b"a,b\n"
