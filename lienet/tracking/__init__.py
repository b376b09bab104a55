"""What was learned, for MLflow: the only package that imports it, in a background thread."""

from lienet.tracking.runs import Tracker, track_run

__all__ = ["Tracker", "track_run"]
