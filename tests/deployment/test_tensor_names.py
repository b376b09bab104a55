"""The names are a contract with files that are already out: to change one is to break them."""

from __future__ import annotations

from lienet.deployment import tensor_names as interface


def test_names_are_those_that_exported_files_have():
    assert (interface.INPUT_NAME, interface.OUTPUT_NAME) == ("degraded", "enhanced")
    assert interface.mean_name(0) == "spade_0_mean"
    assert interface.variance_name(1) == "spade_1_variance"
    assert interface.features_name(2) == "spade_2_features"
    assert interface.FOLD_KEY == "fold"
    assert interface.UNKNOWN_VARIANCE < 0
