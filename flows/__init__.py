"""Prefect's flows: when, where, how often and how many stages at once; the graph is DVC's."""
