"""Prefect's part: when, where, how often and how many at once; the graph itself is DVC's."""
