"""Samples of one photograph: read from where the photographs of its source lie, and cut."""

from __future__ import annotations

from collections.abc import Mapping

from lienet.errors import DataError, ImageError
from lienet.images import decode_image
from lienet.manifests.photographs import Photographs
from lienet.manifests.planning import Job
from lienet.params import Degradation, Params
from lienet.shards.reading import Sample
from lienet.shards.tiles import make_real_sample, make_samples
from lienet.workspace import Workspace


def find_photographs(params: Params, workspace: Workspace) -> dict[str, Photographs]:
    """Return where the photographs of each source lie, by its name.

    Raises:
        DataError: a source's pointer is broken.
    """
    return {
        source: Photographs.find(workspace.raw_dir(source)) for source in params.download.sources
    }


def synthesize_image(
    job: Job, *, photographs: Mapping[str, Photographs], degradation: Degradation, seed: int
) -> list[Sample]:
    """Read one photograph and make its samples.

    Raises:
        DataError: it cannot be read.
        TransferError: the store that it lies in cannot be reached.
    """
    try:
        content = photographs[job.source].read(job.path, job.sha256)
        pixels = decode_image(content)
    except (OSError, ImageError) as error:
        raise DataError(
            f"image {job.key} cannot be read: {error}", remedy="run `lienet download` again"
        ) from error
    info = {
        "image": job.key,
        "source": job.source,
        "test_set": job.source,
        "licence": job.licence,
        "author": job.author,
    }
    if job.split == "real":
        return make_real_sample(content, pixels, key=job.key, info=info)
    return make_samples(
        pixels, key=job.key, split=job.split, degradation=degradation, seed=seed, info=info
    )
