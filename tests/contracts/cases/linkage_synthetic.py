"""Cases: attacks that single people out through a synthetic file."""

from __future__ import annotations

from tests.contracts.cases.linkage_table import singling

from confide.attacks.linkage import NearRanges

CASES = (singling(NearRanges()),)
