"""lienet's own kinds of degradation, registered by being imported."""

from __future__ import annotations

from lienet.degradations import face, old_photo, scratched_photo, sr

__all__ = ["face", "old_photo", "scratched_photo", "sr"]
