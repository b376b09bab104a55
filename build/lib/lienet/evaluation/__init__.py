"""How models are measured: image quality, VMAF, complexity, and the benchmark over test sets."""
