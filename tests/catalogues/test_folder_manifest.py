"""A folder with a list: only what it names, with its words, and a wrong row by its number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lienet.catalogues.folder_manifest import find_listed_files
from lienet.catalogues.found import FoundFile
from lienet.catalogues.kinds import Folder
from lienet.errors import DataError, InputError
from lienet.params import FolderSource


def source_of(**changes: Any) -> FolderSource:
    chosen = {
        "kind": "folder",
        "permitted_use": "commercial",
        "path": "bought",
        "manifest": "list.csv",
        "split": "auto",
        "licence": "Datatang, agreement 7",
        "author": "Datatang",
    }
    return Folder.model_validate(chosen | changes)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("a.jpg", "sub/b ü.jpg", "c.jpg", "unlisted.jpg"):
        (tmp_path / "bought" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bought" / name).write_bytes(name.encode())
    return tmp_path


def find(root: Path, text: str, **changes: Any) -> list[FoundFile]:
    (root / "list.csv").write_text(text, encoding="utf-8")
    return list(find_listed_files(source_of(**changes), base_dir=root))


def test_list_of_paths_alone_takes_the_rest_from_params(photos: Path) -> None:
    found = find(photos, "path\nsub/b ü.jpg\na.jpg\n")
    assert [file.name for file in found] == ["sub/b ü.jpg", "a.jpg"]
    assert found[1] == FoundFile(
        name="a.jpg",
        location=str(photos / "bought" / "a.jpg"),
        licence="Datatang, agreement 7",
        author="Datatang",
        origin="bought/a.jpg",
        split="auto",
    )
    assert found[0].read(100).head == "sub/b ü.jpg".encode()


@pytest.mark.parametrize("is_parquet", [False, True])
def test_columns_of_the_list_override_params(photos: Path, is_parquet: bool) -> None:
    header = ["path", "license", "author", "title", "origin", "split", "sha256", "extra"]
    rows = [
        ["a.jpg", "CC BY 4.0", 'Ann "A" B', "One, two", "order 1", "test", "AB" * 32, "x"],
        ["c.jpg", "", "", "", "", "", "", ""],
    ]
    if is_parquet:
        columns = {name: [row[i] or None for row in rows] for i, name in enumerate(header)}
        pq.write_table(pa.table(columns), photos / "list.parquet")
        found = list(find_listed_files(source_of(manifest="list.parquet"), base_dir=photos))
    else:
        lines = [",".join('"' + v.replace('"', '""') + '"' for v in row) for row in rows]
        found = find(photos, "\n".join([",".join(header), *lines]))
    one, other = found
    assert (one.licence, one.author, one.title) == ("CC BY 4.0", 'Ann "A" B', "One, two")
    assert (one.origin, one.split, one.sha256) == ("order 1", "test", "ab" * 32)
    assert (other.licence, other.author, other.title) == ("Datatang, agreement 7", "Datatang", "")
    assert (other.origin, other.split, other.sha256) == ("bought/c.jpg", "auto", "")


def test_missing_file_or_narrower_licence_is_the_reason_of_refusal(photos: Path) -> None:
    text = "path,licence\na.jpg,CC BY-NC 4.0\ngone.jpg,\nc.jpg,Some agreement\nsub,\n"
    refusals = {file.name: file.refusal for file in find(photos, text)}
    assert refusals == {"a.jpg": "licence", "gone.jpg": "missing", "c.jpg": "", "sub": "missing"}
    text = "path,licence\na.jpg,CC BY-NC 4.0\n"
    assert find(photos, text, permitted_use="non_commercial")[0].refusal == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file\na.jpg\n", "line 1 of .*list.csv lacks the columns path"),
        ("path\n", "list.csv lists no files"),
        ("", "line 1 of .*list.csv is empty"),
        (
            "path\na.jpg\n../secret.jpg\n",
            "line 3 of .* has path '../secret.jpg', which leaves the folder",
        ),
        ("path\n/etc/passwd\n", "line 2 of .*list.csv has path '/etc/passwd', which leaves"),
        ("path\nsub\\b.jpg\n", "line 2 of .*list.csv has path .* backslash"),
        (
            'path,title\na.jpg,"x\ny"\n\nc.jpg,z\na.jpg,\n',
            "line 6 .* 'a.jpg', which is named a sec",
        ),
        ("path,title\na.jpg,t\n,t\n", "line 3 of .*list.csv has path '', which must name a file"),
        ("path,split\na.jpg,val\n", "line 2 .* has split 'val', which is none of train, valid"),
        ("path,sha256\na.jpg,12\n", "line 2 .* has sha256 '12', not 64 hex"),
        ("path,title\na.jpg\n", "line 2 of .*list.csv has 1 values for 2 columns"),
    ],
)
def test_invalid_row_is_refused_by_its_line(photos: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        find(photos, text)
    assert "\n" not in str(caught.value)


def test_a_wrong_row_of_parquet_is_refused_by_its_number(photos: Path) -> None:
    pq.write_table(pa.table({"path": ["a.jpg", None]}), photos / "list.parquet")
    with pytest.raises(DataError, match=r"row 2 of .*list.parquet has path '', which must"):
        list(find_listed_files(source_of(manifest="list.parquet"), base_dir=photos))
    pq.write_table(pa.table({"file": ["a.jpg"]}), photos / "list.parquet")
    with pytest.raises(DataError, match=r"list.parquet lacks the column path"):
        list(find_listed_files(source_of(manifest="list.parquet"), base_dir=photos))
    (photos / "list.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match=r"list.parquet is not a whole Parquet file"):
        list(find_listed_files(source_of(manifest="list.parquet"), base_dir=photos))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_parquet_file_with_a_damaged_middle_is_one_line(photos: Path, share: float) -> None:
    path = photos / "list.parquet"
    pq.write_table(pa.table({"path": [f"{number}.jpg" for number in range(50)]}), path)
    content = path.read_bytes()
    at = int(len(content) * share)
    path.write_bytes(content[:at] + content[at + 7 :])
    with pytest.raises(DataError, match=r"list.parquet is not a whole Parquet file"):
        list(find_listed_files(source_of(manifest="list.parquet"), base_dir=photos))


def test_missing_folder_or_list_is_one_line(photos: Path) -> None:
    with pytest.raises(InputError, match=r"there is no list at .*list.csv"):
        list(find_listed_files(source_of(), base_dir=photos))
    with pytest.raises(InputError, match=r"there is no folder .*absent"):
        find(photos, "path\na.jpg\n", path="absent")


def test_a_url_is_a_folder_too(photos: Path) -> None:
    fsspec.filesystem("memory").pipe_file("/listed-test/a.jpg", b"remote")
    (file,) = find(photos, "path\na.jpg\n", path="memory://listed-test/")
    assert (file.location, file.is_remote) == ("memory://listed-test/a.jpg", True)
    assert file.read(100).head == b"remote"
