"""The row of an image in a manifest, as the stage download writes it."""

from __future__ import annotations

from lienet.manifests.records import ImageRecord

KEPT = ImageRecord(
    key="holiday__beach",
    source="holiday",
    path="images/holiday__beach.jpg",
    sha256="ab" * 32,
    size_bytes=5_000_000_000,
    width_px=640,
    height_px=427,
    format="jpeg",
    licence="CC BY 4.0",
    author="Łucja Ōta",
    origin="photos/beach.JPG",
    split="auto",
    status="kept",
    reason="",
)
