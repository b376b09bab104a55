"""Losses of a network's own: which networks have them, and which of their parts only train."""

from __future__ import annotations

from lienet.networks.auxiliary import HasAuxiliaryLosses, list_training_parts
from lienet.networks.registry import build_model
from tests.networks.specs import bopbl_spec, lienet_spec


def test_a_network_is_told_by_what_it_offers():
    two_autoencoders, usual = build_model(bopbl_spec()), build_model(lienet_spec())
    assert isinstance(two_autoencoders, HasAuxiliaryLosses)
    assert not isinstance(usual, HasAuxiliaryLosses)
    assert len(list_training_parts(two_autoencoders)) == 3
    assert list_training_parts(usual) == ()
