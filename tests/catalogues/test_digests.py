"""What was met is known again, however many were met between."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from lienet.catalogues import digests
from lienet.catalogues.digests import Digests


@pytest.mark.parametrize("many", [1, 7, 10_000])
def test_digests_answer_as_a_set_does(monkeypatch: pytest.MonkeyPatch, many: int):
    monkeypatch.setattr(digests, "_MANY", many)
    met, expected = Digests(), set()
    for number in np.random.default_rng(many).integers(0, 300, 1_000).tolist():
        digest = hashlib.sha256(str(number).encode()).digest()
        assert met.add(digest) == (digest not in expected)
        expected.add(digest)


@pytest.mark.parametrize("many", [1, 100])
def test_zeros_at_an_end_tell_digests_apart(monkeypatch: pytest.MonkeyPatch, many: int):
    monkeypatch.setattr(digests, "_MANY", many)
    met = Digests()
    alike = [bytes(16), b"a" + bytes(15), bytes(15) + b"a", b"a" * 15 + b"\0", b"a" * 16]
    assert [met.add(digest) for digest in alike] == [True] * 5
    assert [met.add(digest) for digest in alike] == [False] * 5
    assert not met.add(bytes(16) + b"of a longer one the beginning counts")
