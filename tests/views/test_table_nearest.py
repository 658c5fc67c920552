"""The compiled loop over nearest records gives what NumPy gives, to the last bit and in the same order."""

from __future__ import annotations

import numpy as np
import pytest

from confide.views import table_nearest_loop as loop_file
from confide.views.table import Domain, Table
from confide.views.table_nearest import Packed, _scaled


def tables(seed: int, *, rows: int, queries: int) -> tuple[Table, Table]:
    """Up to 30 columns of few values, so that many records are equally near; some numbers are missing."""
    rng = np.random.default_rng(seed)
    domains: list[Domain] = []
    for i in range(int(rng.integers(1, 31))):
        m = int(rng.integers(2, 6))
        numbers = np.append(rng.normal(size=m - 1).round(1), np.nan) if rng.random() < 0.4 else None
        domains.append(Domain(f"c{i}", tuple(map(str, range(m))), numbers, numbers is not None))
    sizes = [len(domain) for domain in domains]
    release, asked = (Table.of(domains, rng.integers(0, sizes, (n, len(sizes)))) for n in (rows, queries))
    return release, asked


def by(loop: loop_file.Loop, release: Table, asked: Table, count: int) -> tuple[np.ndarray, np.ndarray]:
    packed = Packed.of(release)
    category = [i for i, domain in enumerate(asked.domains) if domain.numbers is None]
    words = packed.layout.pack(asked.low[:, category])
    return packed.by(loop, words, _scaled(asked, packed.units), min(count, len(release)))


def assert_same(loop: loop_file.Loop, *, seed: int, rows: int, queries: int, count: int) -> None:
    release, asked = tables(seed, rows=rows, queries=queries)
    found, expected = by(loop, release, asked, count), Packed.of(release).nearest(asked, count=count)
    assert found[0].tolist() == expected[0].tolist()
    assert found[1].tolist() == expected[1].tolist()


@pytest.mark.parametrize("seed", range(12))
def test_the_loop_as_python_runs_it_finds_the_nearest_records(seed: int) -> None:
    """Where numba is missing the loop itself is still held to the answers of NumPy."""
    with np.errstate(over="ignore"):  # words wrap round in machine code without a word
        assert_same(loop_file.nearest, seed=seed, rows=1 + 3 * seed, queries=2, count=1 + seed % 4)


@pytest.mark.slow
def test_the_compiled_loop_finds_the_nearest_records() -> None:
    pytest.importorskip("numba")
    for seed in range(60):
        assert_same(loop_file.compiled(), seed=seed, rows=1 + 40 * seed, queries=30, count=1 + seed % 5)


def test_what_is_small_is_not_worth_an_import() -> None:
    assert loop_file.loop_for(1_000, 1_000) is None


@pytest.mark.slow
def test_large_tables_go_through_the_compiled_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    release, asked = tables(3, rows=2_000, queries=50)
    plain = Packed.of(release).nearest(asked, count=3)
    monkeypatch.setattr(loop_file, "WORTH", 1)
    assert loop_file.loop_for(1_000, 50) is loop_file.compiled()
    assert all(
        np.array_equal(a, b) for a, b in zip(Packed.of(release).nearest(asked, count=3), plain, strict=True)
    )
