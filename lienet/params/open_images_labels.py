"""Open Images' labels by machine id: which show people, and which tell who someone is.

Classes are matched by these ids, never by words: the Honda Passport is a car. The groups can be
named in params among ids of one's own.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator

_MACHINE_ID = re.compile(r"/[mg]/[0-9a-z_]+")


def _check_label(label: str) -> str:
    if label in LABEL_GROUPS or _MACHINE_ID.fullmatch(label):
        return label
    words = shlex.quote(label)
    raise ValueError(f"labels are machine ids such as /m/01g317; see `lienet labels {words}`")


LabelGroup = Literal["people", "personal_information"]
Label = Annotated[str, AfterValidator(_check_label)]
"""A machine id, such as ``/m/01g317`` for a person, or the name of a group."""

LABEL_GROUPS: Mapping[LabelGroup, Mapping[str, str]] = {
    "people": {
        "/m/01g317": "Person",
        "/m/04yx4": "Man",
        "/m/03bt1vf": "Woman",
        "/m/01bl7v": "Boy",
        "/m/05r655": "Girl",
        "/m/0dzct": "Human face",
        "/m/04hgtk": "Human head",
        "/m/014sv8": "Human eye",
        "/m/0k0pj": "Human nose",
        "/m/0283dt1": "Human mouth",
        "/m/039xj_": "Human ear",
        "/m/03q69": "Human hair",
        "/m/015h_t": "Human beard",
        "/m/02p0tk3": "Human body",
        "/m/09g5pq": "People",
        "/m/03qtwd": "Crowd",
        "/m/0ytgt": "Child",
        "/m/0jnvp": "Infant",
        "/m/01bgsw": "Toddler",
        "/m/05zppz": "Male",
        "/m/02zsn": "Female",
        "/m/02pkb8": "Lady",
        "/m/021dfr": "Youth",
        "/m/09dhj": "Family",
        "/m/01dv4h": "Portrait",
        "/m/0sgh53y": "Selfie",
        "/m/0266180": "Self-portrait",
        "/m/0ltfs": "Bride",
        "/m/02m57w": "Groom",
        "/m/033lpr": "Audience",
        "/m/014cnc": "Student",
    },
    "personal_information": {
        "/m/01jfm_": "Vehicle registration plate",
        "/m/03cny9": "Badge",
        "/m/09y71y": "Nameplate",
        "/m/01_v7j": "Identity document",
        "/m/05sv1": "Passport",
        "/m/0cw2t": "Driver's licence",
        "/m/015bv3": "Document",
        "/m/04jjh": "Letter",
        "/m/0frqm": "Envelope",
        "/m/02h5d": "Debit card",
        "/m/04gcl9": "Receipt",
        "/m/02py351": "Ticket",
        "/m/01ysy9": "Diploma",
        "/m/0gkxy13": "Handwriting",
        "/m/01zbnw": "Screenshot",
        "/m/02d9qx": "Whiteboard",
    },
}


def expand_labels(labels: Iterable[Label]) -> frozenset[str]:
    """Return the machine ids that ids and names of groups stand for."""
    groups: dict[str, Mapping[str, str]] = dict(LABEL_GROUPS.items())
    ids: set[str] = set()
    for label in labels:
        ids.update(groups.get(label, {label: ""}))
    return frozenset(ids)
