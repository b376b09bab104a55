from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lienet.catalogues.open_images_words import LISTS_URL, find_labels, find_lists
from lienet.catalogues.remote import Depot
from lienet.errors import InputError, ParamsError, TransferError
from lienet.workspace import Workspace
from tests.catalogues.bucket import LIMITS, Bucket, open_images_of
from tests.fresh_workspace import make_workspace

NAMES = [
    ["/m/03jm5", "House"],
    ["/m/0c_jw", "Tree house"],
    ["/m/01_m7", "Beach house"],
    ["/m/0k4j", "Car, or motor-car"],
]
LIST = "lists/v7/oidv7-class-descriptions.csv"


def test_names_that_are_the_words_come_first_and_the_list_is_fetched_once(
    bucket: Bucket, tmp_path: Path
):
    bucket.put_csv(LIST, ["LabelName", "DisplayName"], NAMES)
    depot, url = Depot(tmp_path, LIMITS), f"{bucket.url}/lists/"
    expected = [
        ("/m/03jm5", "House"),
        ("/m/0c_jw", "Tree house"),
        ("/m/01_m7", "Beach house"),
    ]
    assert find_labels("house", url, depot) == expected
    assert find_labels("CAR, or", url, depot) == [("/m/0k4j", "Car, or motor-car")]
    with pytest.raises(InputError, match="no label of Open Images has such a name, got Castle"):
        find_labels("Castle", url, depot)
    assert bucket.asked[LIST] == 1


def test_without_the_list_it_is_said_where_one_belongs(bucket: Bucket, tmp_path: Path):
    with pytest.raises(TransferError, match=r"cannot be had from .*; check the network, or put"):
        find_labels("house", f"{bucket.url}/lists", Depot(tmp_path, LIMITS))


def test_the_lists_are_a_source_s_own_even_where_its_labels_are_wrong(
    repository: Path, tmp_path: Path
):
    workspace = make_workspace(repository, tmp_path)
    url, depot = find_lists(workspace)
    assert (url, depot.folder) == (LISTS_URL, workspace.depot_dir("open_images"))
    content = yaml.safe_load(workspace.params_path.read_text())
    source = open_images_of(Bucket("http://mirror")).model_dump(mode="json")
    content["download"]["sources"]["houses"] = source | {"include_labels": ["House"]}
    workspace.params_path.write_text(yaml.safe_dump(content))
    url, depot = find_lists(workspace)
    assert (url, depot.folder) == ("http://mirror/lists", workspace.depot_dir("houses"))


@pytest.mark.parametrize("text", ["download: 3", "[]", "download: {sources: {a: 1}}", ""])
def test_params_that_do_not_say_how_files_are_fetched_are_one_line(tmp_path: Path, text: str):
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(ParamsError, match=r"^download\.transfer: .*; edit params.yaml$"):
        find_lists(Workspace(tmp_path))
