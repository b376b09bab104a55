"""What a licence permits: the one table of licence names, and what follows from them.

It knows the usual names, SPDX ids, Creative Commons addresses and the words of Flickr; ``A AND B``
binds to both. What it does not know is ``unknown``, which permits nothing commercial. No licence
was read for a particular use: params may say otherwise, source by source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, get_args

Use = Literal["commercial", "non_commercial", "academic", "unknown"]
"""What may be done with photographs, the most first; each permits what follows it, ``unknown``
but what nobody has to permit."""
Purpose = Literal["research", "commercial"]
USES: tuple[Use, ...] = get_args(Use)
WEIGHTS_NOTE = (
    "Network code: Apache-2.0. The weights are bound by the licences of the photographs they were "
    "trained on, which the data manifests list."
)
"""What every exported network says of its own licence."""

_CREATIVE_COMMONS = re.compile(r"cc-by(?P<terms>(?:-(?:nc|sa|nd))*)(?:-\d\.\d)?(?:-[a-z]{2,})?")
_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?creativecommons\.org/"
    r"(?:licenses/(?P<terms>[a-z-]+)|publicdomain/(?P<free>zero|mark))(?:/.*)?",
)
_KNOWN: dict[str, Use] = {
    "0bsd": "commercial",
    "apache-2.0": "commercial",
    "attribution-license": "commercial",
    "attribution-noncommercial-license": "non_commercial",
    "attribution-noncommercial-sharealike-license": "non_commercial",
    "attribution-sharealike-license": "commercial",
    "bsd-2-clause": "commercial",
    "bsd-3-clause": "commercial",
    "cc0": "commercial",
    "cc0-1.0": "commercial",
    "cdla-permissive-2.0": "commercial",
    "div2k": "academic",
    "mit": "commercial",
    "no-known-copyright-restrictions": "commercial",
    "odc-by-1.0": "commercial",
    "pddl-1.0": "commercial",
    "pexels": "commercial",
    "public-domain": "commercial",
    "public-domain-dedication-(cc0)": "commercial",
    "public-domain-mark": "commercial",
    "public-domain-mark-1.0": "commercial",
    "unlicense": "commercial",
    "united-states-government-work": "commercial",
    "unrestricted": "commercial",
    "unsplash": "commercial",
}


def find_use(licence: str) -> Use:
    """Return what a licence permits; ``unknown`` where its name is not known.

    Of the Creative Commons licences NC permits no commercial use; with ND it is not settled
    whether a trained network is a derivative, so it counts as unknown.
    """
    return find_least(_find_one(part) for part in re.split(r"\s+AND\s+", licence.strip()))


def find_least(uses: Iterable[Use]) -> Use:
    """Return what all of several uses permit; ``unknown`` of none at all."""
    ranks = [USES.index(use) for use in uses]
    return USES[max(ranks)] if ranks else "unknown"


def permits_less(use: Use, than: Use) -> bool:
    """Whether a use that is known falls short of another."""
    return use != "unknown" and USES.index(use) > USES.index(than)


def permits(use: Use, purpose: Purpose) -> bool:
    """Whether photographs of a permitted use may serve a purpose; research may use them all."""
    return purpose == "research" or use == "commercial"


def _find_one(licence: str) -> Use:
    name = licence.strip().casefold()
    if found := _ADDRESS.fullmatch(name):
        return "commercial" if found["free"] else _read_terms(found["terms"].split("-"))
    name = re.sub(r"\s*\(.*\)$", "", name) if not name.endswith("(cc0)") else name
    if "academic research only" in name:
        return "academic"
    name = re.sub(r"[\s_]+", "-", name)
    if found := _CREATIVE_COMMONS.fullmatch(name):
        return _read_terms(["by", *found["terms"].split("-")])
    return _KNOWN.get(name, "unknown")


def _read_terms(terms: list[str]) -> Use:
    if "by" not in terms or "nd" in terms:
        return "unknown"
    return "non_commercial" if "nc" in terms else "commercial"
