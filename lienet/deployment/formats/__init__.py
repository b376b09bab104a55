"""The formats that a network is converted to besides ONNX in float32, one file for each."""
