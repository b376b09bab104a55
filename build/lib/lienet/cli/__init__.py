"""The ``lienet`` command."""

from lienet.cli.app import app, main

__all__ = ["app", "main"]
