"""What answers `mlflow models serve`: an image as base64 in, the enhanced one as base64 PNG out.

This file travels inside a registered model and is run from there, so it imports nothing of lienet,
and takes images whole: the network's result is then the same as in evaluation, and ``max_pixels``
bounds its memory. Whoever sends what is no image is told so with status 400, in one line.
"""

from __future__ import annotations

import base64
import binascii
import io
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import BAD_REQUEST
from mlflow.pyfunc.model import PythonModel
from PIL import Image

COLUMN = "image"
MIN_SERVED_SIDE_PX = 8
"""What every network takes; smaller images are padded by their edge."""
MAX_PIXELS = 2**22
_FORMATS = ("PNG", "JPEG", "WEBP")


class BadImage(MlflowException):
    """What was sent cannot be enhanced; the server adds nothing to the line and quotes nothing."""

    def __init__(self, message: str) -> None:
        self._line = message
        super().__init__(message, error_code=BAD_REQUEST)

    @property
    def message(self) -> str:
        """The one line."""
        return self._line

    @message.setter
    def message(self, _: str) -> None:
        """Keep the line: the server would quote the whole request before it."""


class ImageModel(PythonModel):
    """The exported network behind a table with the column ``image``, one image in each row."""

    def load_context(self, context: Any) -> None:
        """Open the ONNX file among the model's artifacts."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            context.artifacts["onnx"], options, providers=["CPUExecutionProvider"]
        )
        self._input_name = self._session.get_inputs()[0].name
        self._output_name = self._session.get_outputs()[0].name
        chosen = context.model_config or {}
        self._max_pixels = int(chosen.get("max_pixels", MAX_PIXELS))

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return a table with the enhanced images.

        Args:
            context: not used.
            model_input: a table with the column ``image``, base64 of a PNG, JPEG or WebP file.
            params: none are known.

        Raises:
            BadImage: a row holds no such image, or one that is too large or transparent.
        """
        if COLUMN not in model_input:
            raise BadImage(f"a table with the column {COLUMN} is expected")
        answers = [self._answer(row, text) for row, text in enumerate(model_input[COLUMN])]
        return pd.DataFrame({COLUMN: answers})

    def _answer(self, row: int, text: object) -> str:
        pixels = decode(text, where=f"row {row}", max_pixels=self._max_pixels)
        stream = io.BytesIO()
        Image.fromarray(self._enhance(pixels)).save(stream, format="PNG")
        return base64.b64encode(stream.getvalue()).decode()

    def _enhance(self, pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> Any:
        """Return uint8 HWC, ``scale`` times as high and wide."""
        height_px, width_px = pixels.shape[:2]
        missing = [max(0, MIN_SERVED_SIDE_PX - side) for side in (height_px, width_px)]
        padded = np.pad(pixels, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
        planes = np.ascontiguousarray(padded.transpose(2, 0, 1)[None]).astype(np.float32)
        feed = {self._input_name: planes / np.float32(255)}
        (enhanced,) = self._session.run([self._output_name], feed)
        scale = enhanced.shape[2] // padded.shape[0]
        cropped = enhanced[0, :, : height_px * scale, : width_px * scale]
        levels = np.clip(cropped, 0, 1) * np.float32(255)
        return np.floor(levels + np.float32(0.5)).astype(np.uint8).transpose(1, 2, 0)


def decode(text: object, *, where: str, max_pixels: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the image that base64 text holds, RGB uint8 HWC; grey becomes RGB.

    Raises:
        BadImage: it holds none, or one that is too large or transparent.
    """
    if not isinstance(text, str) or not text:
        raise BadImage(f"{where}: base64 text of an image is expected, got {type(text).__name__}")
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadImage(f"{where}: the text is not base64") from None
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > max_pixels:
                size = f"{image.width}x{image.height}"
                raise BadImage(f"{where}: at most {max_pixels} pixels are taken, got {size}")
            if image.has_transparency_data:
                raise BadImage(f"{where}: the image has an alpha channel; send it without")
            return np.asarray(image.convert("RGB"))
    except BadImage:
        raise
    except Exception:  # broken bytes raise almost anything from inside a decoder
        raise BadImage(f"{where}: the bytes are not a whole PNG, JPEG or WebP image") from None


mlflow.models.set_model(ImageModel())
