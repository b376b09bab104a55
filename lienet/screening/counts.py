"""How many photographs of a source were kept and refused, and by which detectors: ``counts.json``.

Owns that file's contents, and how what is in it is told on the report's page and on a model's card.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from lienet.errors import DataError
from lienet.manifests.records import FilterRecord
from lienet.workspace import Workspace

REDUCED = "reduced"
"""The word in a manifest's ``detector`` where faces or text were not looked for."""


def count_refusals(records: Iterable[FilterRecord]) -> dict[str, Any]:
    """Return how many were met, kept and refused, how many for each reason, and who looked.

    ``privacy`` is "full" where faces and text were looked for, "reduced" where one was not, and
    "not judged" where all photographs pass unseen.
    """
    reasons: Counter[str] = Counter()
    verdicts = Counter(keep=0, refuse=0)
    detectors = set()
    for record in records:
        reasons.update(record.reasons)
        verdicts[record.verdict] += 1
        detectors.add(record.detector)
    return {
        "photographs": verdicts.total(),
        "kept": verdicts["keep"],
        "refused": verdicts["refuse"],
        "reasons": dict(sorted(reasons.items())),
        "detectors": sorted(detectors),
        "privacy": _judge(detectors),
    }


def read_counts(workspace: Workspace, sources: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return by source what :func:`count_refusals` counted; a source without a count is left out.

    Raises:
        DataError: a file of counts is broken.
    """
    counts = {}
    for source in sources:
        path = workspace.refusal_counts_path(source)
        try:
            read = json.loads(path.read_text(encoding="utf-8"))
            counts[source] = {name: read[name] for name in ("photographs", "kept", "refused")}
            counts[source] |= {name: read[name] for name in ("detectors", "privacy")}
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"cannot read {path}: {error!r}"[:200], remedy=f"run lienet filter {source}"
            ) from error
    return counts


def describe_privacy(counts: Mapping[str, Any]) -> str:
    """Return in one line how a source's photographs were looked at, for example on a card."""
    by = " and ".join(counts["detectors"]) or "nobody"
    return f"privacy {counts['privacy']}, by {by}; {counts['kept']} of {counts['photographs']} kept"


def _judge(detectors: set[str]) -> str:
    if any(REDUCED in detector for detector in detectors):
        return "reduced"
    return "not judged" if detectors <= {"exempt", "consented"} else "full"
