"""Metrics that no profile asks for: SSIMULACRA2, FLIP and NIQE (docs/metrics.md)."""
