"""VGG19's weights are fetched once, verified, and only where a model needs the published file."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from lienet.catalogues.weights import VGG19, needs_vgg19, store_vgg19
from lienet.errors import TransferError
from lienet.params import Params, load_params
from tests.catalogues.bucket import Bucket, make_depot

CONTENT = b"as if these were weights" * 1000


def make_params(repository: Path, perceptual: dict[str, Any] | None, objective: str) -> Params:
    """Return params with an objective of a name, which the face network alone minimises."""
    content = load_params(repository / "profiles" / "sample.yaml").model_dump()
    objectives = content["train"]["objectives"]
    objectives["face"] = objectives["enhancement"] | {"perceptual": perceptual}
    content["models"]["face-lienet"]["objective"] = objective
    return Params.model_validate(content)


def perceptual(weights: str | None) -> dict[str, Any]:
    return {"weight": 0.001, "layers": {"conv1_2": 1.0}, "weights": weights}


@pytest.mark.parametrize(
    ("loss", "objective", "is_needed"),
    [
        (None, "face", False),
        (perceptual(None), "face", True),
        (perceptual("my.npz"), "face", False),
        (perceptual(None), "enhancement", False),
    ],
)
def test_weights_are_needed_by_a_model_with_a_perceptual_loss(
    repository: Path, loss: dict[str, Any] | None, objective: str, is_needed: bool
):
    assert needs_vgg19(make_params(repository, loss, objective)) is is_needed


def test_weights_are_fetched_once_and_linked(bucket: Bucket, tmp_path: Path, repository: Path):
    params = make_params(repository, perceptual(None), "face")
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
    bucket: Bucket, tmp_path: Path, repository: Path
):
    params = make_params(repository, perceptual(None), "face")
    bucket.files["vgg19.pth"] = CONTENT
    file = replace(VGG19, url=f"{bucket.url}/vgg19.pth", size_bytes=len(CONTENT))
    with pytest.raises(TransferError, match=r"cannot fetch .*wrong_sha256; try again, or put"):
        store_vgg19(params, make_depot(tmp_path), tmp_path / "weights", file=file)
    assert not (tmp_path / "weights").exists()


def test_folder_is_empty_where_no_model_needs_them(tmp_path: Path, repository: Path):
    params = make_params(repository, None, "face")
    store_vgg19(params, make_depot(tmp_path), tmp_path / "weights")
    assert list((tmp_path / "weights").iterdir()) == []


def test_published_name_holds_the_beginning_of_the_hash():
    assert VGG19.sha256 is not None
    assert f"-{VGG19.sha256[:8]}.pth" in VGG19.url
    assert VGG19.url.endswith(f"/{VGG19.name}")
