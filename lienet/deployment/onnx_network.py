"""An ONNX file put to use, in ONNX Runtime on the CPU.

Refuses files that do not take one RGB image. By how much a network enlarges, and of which number
both sides must be a multiple, is tried out: files do not say so reliably. A network that
normalises by statistics of its input tells what it normalises and can be given a whole image's; a
file that names no inputs for them normalises by those of what it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lienet.deployment.input_sizes import find_sizes, round_up
from lienet.deployment.runtimes import Planes, Statistics
from lienet.deployment.tensor_names import FOLD_KEY, features_name, mean_name, variance_name
from lienet.errors import ModelError

if TYPE_CHECKING:
    import onnxruntime


_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class OnnxNetwork:
    """An ONNX file in ONNX Runtime on the CPU.

    Args:
        path: the file; its only required input is float32 or float16 ``n 3 h w``, dynamic or
            fixed, its first output the enhanced image.
        num_threads: threads within an operator; 0 takes one for each core.

    Raises:
        ModelError: no such file, not ONNX, or not a network from one RGB image to one.
    """

    max_side_px: int | None = None

    def __init__(self, path: Path, *, num_threads: int = 0) -> None:
        self.path = Path(path)
        self._session = open_session(self.path, num_threads=num_threads)
        inputs = self._session.get_inputs()
        shape = inputs[0].shape
        is_rgb = len(shape) == 4 and (shape[1] == 3 or not isinstance(shape[1], int))
        if len(inputs) != 1 or not is_rgb or inputs[0].type not in _TYPES:
            raise ModelError(
                f"{self.path} must take one float image n 3 h w",
                got=", ".join(f"{each.name} {each.type} {each.shape}" for each in inputs),
            )
        self._input_name: str = inputs[0].name
        self._output_name: str = self._session.get_outputs()[0].name
        height_px, width_px = shape[2:]
        is_fixed = isinstance(height_px, int) and isinstance(width_px, int)
        self.input_size_px = (height_px, width_px) if is_fixed else None
        optional = self._session.get_overridable_initializers()
        self._types = {each.name: _TYPES.get(each.type) for each in (*inputs, *optional)}
        self._num_threads = num_threads
        self._statistics_session: onnxruntime.InferenceSession | None = None

    @property
    def scale(self) -> int:
        """By how much it enlarges per side, as it does, whatever the file says.

        Raises:
            ModelError: by no whole factor, or ONNX Runtime fails on images of every size.
        """
        return self._trial[0]

    def fit_size(self, height_px: int, width_px: int) -> tuple[int, int]:
        """Return the least height and width that it takes and that are no smaller than these.

        Raises:
            ModelError: as :attr:`scale`.
        """
        if self.input_size_px is not None:
            return self.input_size_px
        return round_up(height_px, width_px, multiple=self._trial[1])

    def make_input(self, degraded: Planes) -> dict[str, NDArray[np.floating[Any]]]:
        """Return what the session is fed for an image ``1 3 h w``, in the type that it takes."""
        return {self._input_name: np.ascontiguousarray(degraded, self._types[self._input_name])}

    @property
    def session(self) -> onnxruntime.InferenceSession:
        """What runs it."""
        return self._session

    @cached_property
    def _trial(self) -> tuple[int, int]:
        """The scale, and the number of which both sides of an input must be a multiple."""
        return find_sizes(self, self.path, self.input_size_px)

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says of itself, such as its task, model and architecture."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    @property
    def num_statistics(self) -> int:
        """How many layers the file names inputs and an output for; none in other files."""
        given = {name for name, kind in self._types.items() if kind is not None}
        told = {each.name for each in self._session.get_outputs()}
        num_layers = 0
        while {mean_name(num_layers), variance_name(num_layers)} <= given and (
            features_name(num_layers) in told
        ):
            num_layers += 1
        return num_layers

    @property
    def fold(self) -> int:
        """Input pixels for each of what is normalised, per side.

        Raises:
            ModelError: the file takes statistics but does not say.
        """
        if self.num_statistics == 0:
            return 1
        said = self.metadata.get(FOLD_KEY, "")
        if not said.isdecimal() or int(said) == 0:
            raise ModelError(
                f"{self.path} must say in its metadata how many pixels a side it folds, as"
                f" {FOLD_KEY!r}",
                got=said or "nothing",
                remedy="export the model again, or keep the metadata when converting it",
            )
        return int(said)

    def __call__(self, degraded: Planes, statistics: Sequence[Statistics] | None = None) -> Planes:
        """Run the session.

        Raises:
            ModelError: ONNX Runtime refuses this input.
        """
        return self._run(self._session, self._output_name, degraded, statistics or ())

    def features_to_normalise(self, degraded: Planes, known: Sequence[Statistics]) -> Planes:
        """Return what layer number ``len(known)`` of ``num_statistics`` normalises.

        ONNX Runtime computes all outputs, whichever are asked for; so what leads to these is cut
        out of the file, once, and has a session of its own. Where the package ``onnx`` is not
        installed the whole network runs, for the same values.

        Raises:
            ModelError: ONNX Runtime refuses this input.
        """
        if self._statistics_session is None and find_spec("onnx") is None:
            self._statistics_session = self._session
        elif self._statistics_session is None:
            names = [features_name(layer) for layer in range(self.num_statistics)]
            content = _cut_out(self.path, [*self._types], names)
            self._statistics_session = open_session(
                self.path, num_threads=self._num_threads, content=content
            )
        return self._run(self._statistics_session, features_name(len(known)), degraded, known)

    def _run(
        self,
        session: onnxruntime.InferenceSession,
        output_name: str,
        degraded: Planes,
        statistics: Sequence[Statistics],
    ) -> Planes:
        given = {self._input_name: degraded}
        for layer, (mean, variance) in enumerate(statistics):
            given |= {mean_name(layer): mean, variance_name(layer): variance}
        assert given.keys() <= self._types.keys(), "the file takes no such statistics"
        feed = {
            name: np.ascontiguousarray(value, self._types[name]) for name, value in given.items()
        }
        try:
            (found,) = session.run([output_name], feed)
        except Exception as error:  # ONNX Runtime's errors share no base class of their own
            raise ModelError(
                f"{self.path} fails on an input of {tuple(degraded.shape)}: {_first_line(error)}"
            ) from error
        return np.asarray(found, np.float32)


def open_session(
    path: Path, *, num_threads: int, content: bytes | None = None
) -> onnxruntime.InferenceSession:
    """Open an ONNX file on the CPU, one operator at a time.

    Args:
        path: the file.
        num_threads: threads within an operator; 0 takes one for each core.
        content: what is to be opened in its place.

    Raises:
        ModelError: the file is missing or ONNX Runtime cannot load it.
    """
    import onnxruntime

    if not path.is_file():
        raise ModelError("no such ONNX file", got=path, remedy="export the model first")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            content or str(path),
            sess_options=options,
            providers=["CPUExecutionProvider"],
            enable_fallback=0,  # which prints, and tries the same again
        )
        _read_texts(session)
        return session
    except Exception as error:  # as above
        raise ModelError(f"{path} is not a usable ONNX file: {_first_line(error)}") from error


def _read_texts(session: onnxruntime.InferenceSession) -> None:
    """Read what a file says in words, which need be no text."""
    named = (
        *session.get_inputs(),
        *session.get_outputs(),
        *session.get_overridable_initializers(),
    )
    assert all(isinstance(text, str) for each in named for text in (each.name, each.type))
    assert isinstance(session.get_modelmeta().custom_metadata_map, dict)


def read_scale(path: Path) -> int | None:
    """Return the factor that an exported file says it enlarges by; None where it does not say.

    Raises:
        ModelError: the file is missing or ONNX Runtime cannot load it.
    """
    session = open_session(path, num_threads=1)
    said = session.get_modelmeta().custom_metadata_map.get("scale", "")
    return int(said) if said.isdecimal() else None


def _cut_out(path: Path, inputs: list[str], outputs: list[str]) -> bytes:
    """Return the part of an ONNX file that leads from some of its inputs to some outputs."""
    import onnx
    import onnx.utils

    part = onnx.utils.Extractor(onnx.load(path)).extract_model(inputs, outputs)
    used = {name for node in part.graph.node for name in node.input}
    for each in [each for each in part.graph.input if each.name not in used]:
        part.graph.input.remove(each)
    content: bytes = part.SerializeToString()
    return content


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
