"""The secure aggregation of an installed Flower; in an environment without it these tests are skipped."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from confide.audits.protocols.adapters.flower import FlowerProtocol
from confide.audits.protocols.auditor import audit_protocol
from confide.core.errors import DataError

INSTALLED = find_spec("flwr") is not None
flower = pytest.mark.skipif(not INSTALLED, reason="flwr is not installed here; it needs its own environment")


@flower
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of packages that Flower's environment pins
def test_the_flaws_of_flower_are_caught_and_played():
    """flwr 1.42: reported as flower#7522, open."""
    found = audit_protocol(
        FlowerProtocol(), threshold=5, draws=2**10, tries=2**12, rng=np.random.default_rng(0)
    )
    assert found.failed == (
        "whole ring",
        "key bits",
        "keys authenticated",
        "cohort of one",
        "two stories",
    )
    for name in found.failed:
        assert all(attack.succeeded for attack in found[name].attacks), name


@pytest.mark.skipif(INSTALLED, reason="flwr is installed here")
def test_without_flower_the_message_says_what_to_do():
    with pytest.raises(DataError, match="install flwr in an environment of its own"):
        audit_protocol(FlowerProtocol(), rng=np.random.default_rng(0))
