"""Lightweight image-enhancement networks: data, training, fair comparison and export."""

__version__ = "0.1.0"
