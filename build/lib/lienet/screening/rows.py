"""A verdict on an image as a row of the filtered manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields

from lienet.manifests.records import FilterRecord, ImageRecord
from lienet.screening.perceptual_hash import format_hash
from lienet.screening.verdict import Verdict


def record_verdict(
    record: ImageRecord, verdict: Verdict, detector: str, detectors: Mapping[str, str]
) -> FilterRecord:
    """Return an image's row of a filtered manifest.

    Args:
        record: its row of the raw one.
        verdict: what was found and measured.
        detector: what looked at the image, or why nothing did.
        detectors: what finds each kind of box.
    """
    raw = {field.name: getattr(record, field.name) for field in fields(ImageRecord)}
    boxes = [{"detector": detectors[box.kind], **asdict(box)} for box in verdict.boxes]
    quality = verdict.quality
    return FilterRecord(
        **raw,
        verdict=verdict.word,
        reasons=verdict.reasons,
        detector=detector,
        score=verdict.score,
        boxes=json.dumps(boxes),
        sharpness=quality.sharpness if quality else 0.0,
        contrast=quality.contrast if quality else 0.0,
        jpeg_quality=quality.jpeg_quality if quality else 0,
        perceptual_hash=format_hash(verdict.perceptual_hash),
    )
