"""Trained networks that come with lienet: ONNX files, weights, cards, and an index of them all."""
