"""The photographs that are measured on: a folder's, or those that ship inside scikit-image."""

from __future__ import annotations

from pathlib import Path

from lienet.images import encode_png


def read_photographs(data_dir: Path | None, *, at_most: int) -> list[bytes]:
    """Return encoded photographs: ``train/cid22`` of ``data_dir``, else scikit-image's own."""
    if data_dir is not None:
        paths = sorted((data_dir / "train" / "cid22").iterdir())[:at_most]
        return [path.read_bytes() for path in paths]
    from skimage import data

    shipped = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket()]
    return [encode_png(pixels) for pixels in shipped][:at_most]
