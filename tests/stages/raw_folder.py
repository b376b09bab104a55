"""A raw folder as the stage download leaves it, made by hand."""

from __future__ import annotations

from lienet.manifests.records import ImageRecord, write_manifest
from lienet.workspace import Workspace


def store_raw(workspace: Workspace, pictures: dict[str, bytes]) -> None:
    """Store pictures by name in the source ``sample``; one without bytes is listed as refused."""
    raw_dir = workspace.raw_dir("sample")
    (raw_dir / "images").mkdir(parents=True)
    records = []
    for name, content in pictures.items():
        is_kept = bool(content)
        path = f"images/sample__{name}.png" if is_kept else ""
        if is_kept:
            (raw_dir / path).write_bytes(content)
        record = ImageRecord(
            key=f"sample__{name}",
            source="sample",
            path=path,
            sha256="0" * 64,
            size_bytes=len(content),
            width_px=512,
            height_px=512,
            format="png",
            licence="CC0-1.0",
            author="somebody",
            origin=name,
            split="auto",
            status="kept" if is_kept else "refused",
            reason="" if is_kept else "empty",
        )
        records.append(record)
    write_manifest(raw_dir / "manifest.parquet", records)
