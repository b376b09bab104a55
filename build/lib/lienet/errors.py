"""Every error a user can meet, as one tree; each reads as a single line with its remedy.

LienetError
├── ParamsError      params.yaml: unknown or missing key, wrong unit, impossible pair
├── InputError       what a person typed or pointed at: paths, names, options
├── DataError        a manifest, a shard or a sample (names its shard and key)
│   └── ImageError   one image cannot be read as a photograph
├── TransferError    a download failed or did not verify
├── ModelError       an architecture, its weights or an ONNX file do not fit
├── TrainingError    training cannot go on (a loss that is not finite, a bad checkpoint)
└── ToolError        an outside program or model file is missing or failed
"""

from __future__ import annotations


class LienetError(Exception):
    """Say what is wrong, what was got, and what to do, in one line.

    Args:
        what: the rule that was broken, naming the thing ("train.patch_px must be a multiple of 8").
        got: the offending value, if there is one.
        remedy: the next step for the reader ("edit params.yaml").
    """

    def __init__(self, what: str, *, got: object = None, remedy: str | None = None) -> None:
        message = what
        if got is not None:
            message += f", got {got}"
        if remedy is not None:
            message += f"; {remedy}"
        super().__init__(" ".join(message.split()))


class ParamsError(LienetError):
    """A params file that is not valid as a whole."""


class InputError(LienetError):
    """An argument, path or name given by a person that cannot be used."""


class DataError(LienetError):
    """A manifest, shard or sample that is broken or does not fit."""


class ImageError(DataError):
    """A file that cannot be read as a photograph; ``reason`` is its short machine name."""

    def __init__(
        self, what: str, *, reason: str, got: object = None, remedy: str | None = None
    ) -> None:
        super().__init__(what, got=got, remedy=remedy)
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the trip between processes with the reason kept."""
        return (_rebuild_image_error, (str(self), self.reason))


class TransferError(LienetError):
    """A download that failed or whose bytes did not verify."""


class ModelError(LienetError):
    """An architecture, weights or ONNX file that does not fit."""


class TrainingError(LienetError):
    """Training that cannot honestly go on."""


class ToolError(LienetError):
    """An outside program or model file that is missing or failed."""


def _rebuild_image_error(message: str, reason: str) -> ImageError:
    return ImageError(message, reason=reason)
