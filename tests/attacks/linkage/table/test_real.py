"""The bars on real tables; `benchmarks/tables_linkage.py` has the whole page."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from confide.attacks.linkage import FellegiSunter
from confide.attacks.linkage.table._unique_sets import unique_sets
from confide.data.locating import File, find

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"
pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@pytest.fixture(scope="module")
def page() -> ModuleType:
    """The script, which imports its neighbours as scripts do."""
    if find(File(path="tabular/adult.parquet")) is None:
        pytest.skip("the real table is not here: set CONFIDE_DATA")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import tables_linkage  # pyright: ignore[reportMissingImports]

        assert "page" in sys.modules
        return tables_linkage


def test_adult_has_its_known_numbers_of_unique_sets(page: ModuleType) -> None:
    adult = page.read("tabular/adult.parquet", page.NINE, page.NUMBERS)
    smallest = unique_sets(adult.low, adult.sizes).smallest
    assert np.bincount(smallest)[1:4].tolist() == [7, 2_286, 13_312]


def test_fellegi_sunter_reaches_its_bars_on_adult(page: ModuleType) -> None:
    """One seed: of 1,000 people, the standard error of a share is .012 to .016."""
    adult = page.read("tabular/adult.parquet", page.NINE, page.NUMBERS)
    right, at_five, _, absent, _ = page.figures(adult, 10_000, 0.05, FellegiSunter(), 0)
    assert right >= 0.82 and at_five >= 0.5
    assert 0.1 <= absent <= 0.4, (
        "a posterior of one half names many who are absent, and the docstring says so"
    )


def test_k_anonymity_does_not_stop_singling_out(page: ModuleType) -> None:
    _, checks = page.singling(page.read("tabular/adult.parquet"))
    assert len(checks) == 3 and all(ok for _, ok in checks), checks
