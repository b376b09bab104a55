"""Run in LiteRT's own environment: a traced program in, a ``.tflite`` file out.

Imports nothing of lienet, which is not installed there.
"""

from __future__ import annotations

import sys


def main(program_path: str, path: str) -> None:
    """Convert the program at one path to the file at another."""
    import litert_torch
    import torch

    program = torch.export.load(program_path)
    arguments, _ = program.example_inputs
    litert_torch.convert(program.module(), arguments).export(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
