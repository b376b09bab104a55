"""What answers `mlflow models serve`: an image as base64 in, the enhanced one as base64 PNG out.

Pictures are read and enhanced as everywhere else: upright, at their own depth, with transparency
and metadata. A copy of this file, and of the modules that it imports, travels inside a registered
model and is run from there. Whoever sends what is no picture is told so with status 400, in one
line.
"""

from __future__ import annotations

import base64
import binascii
import io
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import BAD_REQUEST
from mlflow.pyfunc.model import PythonModel

from lienet.deployment.enhancer import Enhancer
from lienet.deployment.onnx_network import OnnxNetwork
from lienet.errors import LienetError
from lienet.pictures.decoding import Picture, decode_picture
from lienet.pictures.png import PngWriter

COLUMN = "image"
MAX_PIXELS = 2**22
_TILE_PX = 2048
"""Pictures of up to ``MAX_PIXELS`` go through the network whole, as in evaluation."""


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
        path = Path(context.artifacts["onnx"])
        scale = OnnxNetwork(path, num_threads=1).scale
        self._enhancer = Enhancer(path, scale=scale, tile_px=_TILE_PX)
        chosen = context.model_config or {}
        self._max_pixels = int(chosen.get("max_pixels", MAX_PIXELS))

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return a table with the enhanced images.

        Args:
            context: not used.
            model_input: a table with the column ``image``, base64 of a picture file.
            params: none are known.

        Raises:
            BadImage: a row holds no such picture, or one that is refused or too large.
        """
        if COLUMN not in model_input:
            raise BadImage(f"a table with the column {COLUMN} is expected")
        answers = [self._answer(row, text) for row, text in enumerate(model_input[COLUMN])]
        return pd.DataFrame({COLUMN: answers})

    def _answer(self, row: int, text: object) -> str:
        picture = decode(text, where=f"row {row}", max_pixels=self._max_pixels)
        try:
            enhanced = self._enhancer.enhance(picture.pixels)
        except LienetError as error:
            raise BadImage(f"row {row}: {error}") from None
        height_px, width_px, channels = enhanced.shape
        stream = io.BytesIO()
        writer = PngWriter(
            stream,
            width_px=width_px,
            height_px=height_px,
            channels=channels,
            bits=8 * enhanced.dtype.itemsize,
            metadata=picture.metadata,
        )
        writer.write_rows(enhanced)
        writer.close()
        return base64.b64encode(stream.getvalue()).decode()


def decode(text: object, *, where: str, max_pixels: int) -> Picture:
    """Return the picture in a file that base64 text holds.

    Raises:
        BadImage: it holds none, or one that is refused or too large.
    """
    if not isinstance(text, str) or not text:
        raise BadImage(f"{where}: base64 text of an image is expected, got {type(text).__name__}")
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadImage(f"{where}: the text is not base64") from None
    try:
        return decode_picture(content, max_pixels=max_pixels)
    except LienetError as error:
        raise BadImage(f"{where}: {error}") from None


mlflow.models.set_model(ImageModel())
