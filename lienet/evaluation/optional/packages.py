"""The packages that some metrics are computed with, each in the one version that was tried.

Owns their versions, so that these count in a stage's fingerprint wherever nothing is installed; the
extra ``metrics`` names the same. Refuses any other version, as a score of it is another metric.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from lienet.errors import ToolError
from lienet.versions import how_to_install

PACKAGES = {"ssimulacra2": ("ssimulacra2", "0.3.0"), "flip": ("flip-evaluator", "1.7")}
"""Distribution and version by metric."""


def require_package(metric: str) -> None:
    """Check that a metric's package is installed, before anything is measured.

    Raises:
        ToolError: it is not, or in another version.
    """
    name, needed = PACKAGES[metric]
    try:
        found = version(name)
    except PackageNotFoundError:
        found = "none"
    if found != needed:
        raise ToolError(
            f"the metric {metric} needs {name} {needed}",
            got=found,
            remedy=f"{how_to_install('metrics')}, or take {metric} out of evaluate.metrics",
        )
