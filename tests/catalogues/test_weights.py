"""VGG19's weights are fetched once, verified, and only where a model needs the published file."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from lienet.catalogues.weights import VGG19, store_vgg19
from lienet.errors import TransferError
from lienet.params import Params, load_params
from tests.catalogues.bucket import Bucket, make_depot

CONTENT = b"as if these were weights" * 1000


@pytest.fixture
def params(repository: Path) -> Params:
    """A set of params whose face network has a perceptual loss."""
    content = load_params(repository / "profiles" / "sample.yaml").model_dump()
    loss = {"weight": 0.001, "layers": {"conv1_2": 1.0}, "weights": None}
    content["train"]["objectives"]["enhancement"]["perceptual"] = loss
    return Params.model_validate(content)


def test_weights_are_fetched_once_and_linked(bucket: Bucket, tmp_path: Path, params: Params):
    bucket.files["vgg19.pth"] = CONTENT
    file = replace(
        VGG19,
        url=f"{bucket.url}/vgg19.pth",
        sha256=sha256(CONTENT).hexdigest(),
        size_bytes=len(CONTENT),
    )
    for _ in range(2):
        store_vgg19(params, make_depot(tmp_path), tmp_path / "weights", file=file)
        assert (tmp_path / "weights" / VGG19.name).read_bytes() == CONTENT
    assert bucket.asked["vgg19.pth"] == 1


def test_other_weights_are_refused_and_the_folder_stays(
    bucket: Bucket, tmp_path: Path, params: Params
):
    bucket.files["vgg19.pth"] = CONTENT
    file = replace(VGG19, url=f"{bucket.url}/vgg19.pth", size_bytes=len(CONTENT))
    with pytest.raises(TransferError, match=r"cannot fetch .*wrong_sha256; try again, or put"):
        store_vgg19(params, make_depot(tmp_path), tmp_path / "weights", file=file)
    assert not (tmp_path / "weights").exists()


def test_folder_is_empty_where_no_model_needs_them(tmp_path: Path, repository: Path):
    params = load_params(repository / "profiles" / "sample.yaml")
    store_vgg19(params, make_depot(tmp_path), tmp_path / "weights")
    assert list((tmp_path / "weights").iterdir()) == []


def test_published_name_holds_the_beginning_of_the_hash():
    assert VGG19.sha256 is not None
    assert f"-{VGG19.sha256[:8]}.pth" in VGG19.url
    assert VGG19.url.endswith(f"/{VGG19.name}")
