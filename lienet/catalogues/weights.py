"""Published weights of other people's networks: where they are, and what they must be."""

from __future__ import annotations

import shutil
from pathlib import Path

from lienet.catalogues.remote import Depot, fetch_one
from lienet.files import replacing_folder
from lienet.params import Params
from lienet.transfer.batches import RemoteFile

VGG19 = RemoteFile(
    url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
    name="vgg19-dcbb9e9d.pth",
    size_bytes=574673361,
    sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
    is_image=False,
)
"""VGG19 as torchvision trained it on ImageNet, BSD-3-Clause."""


def store_vgg19(params: Params, depot: Depot, folder: Path, *, file: RemoteFile = VGG19) -> None:
    """Put VGG19's weights into a folder, fetched once; an empty folder if no model needs them.

    Raises:
        TransferError: they cannot be had, or are not the file expected.
        InputError: the depot or the folder cannot be written.
    """
    with replacing_folder(folder) as beside:
        if params.needs_vgg19:
            fetched, target = fetch_one(file, depot), beside / file.name
            try:
                target.hardlink_to(fetched)
            except OSError:  # another file system, or one without links
                shutil.copyfile(fetched, target)
