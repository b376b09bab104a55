"""What an exported network calls its inputs and outputs.

This is the contract of those who write the files and those who run them.
Every file takes ``degraded`` and gives ``enhanced``. A network that normalises by statistics of its
input has, for each such layer, two further inputs and one further output, numbered from 0; the
inputs have defaults, so that whoever knows nothing of them feeds the image alone. Names begin with
``spade_``, as the exporter names what lies between by the operator, such as ``mean_1``.
"""

from __future__ import annotations

INPUT_NAME = "degraded"
"""The image, ``n 3 h w`` in [0, 1]."""
OUTPUT_NAME = "enhanced"
"""What becomes of it, ``n 3 h*scale w*scale``, not clipped; the first output."""
FOLD_KEY = "fold"
"""The metadata property that says how many input pixels there are to each of the features, per
side."""
UNKNOWN_VARIANCE = -1.0
"""The default of a variance. Channels whose variance is negative are normalised by what the
network measures on its input, and the mean given is then ignored."""


def mean_name(layer: int) -> str:
    """Return the name of the input for the means to normalise by, ``1 c 1 1``."""
    return f"spade_{layer}_mean"


def variance_name(layer: int) -> str:
    """Return the name of the input for the variances to normalise by, ``1 c 1 1``."""
    return f"spade_{layer}_variance"


def features_name(layer: int) -> str:
    """Return the name of the output with what is normalised, ``n c ceil(h/fold) ceil(w/fold)``."""
    return f"spade_{layer}_features"
