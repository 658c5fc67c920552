"""Files of genotypes and measurements: one person twice, other alleles, and what is read of gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.data.genotypes_like import GenotypesLike
from confide.inputs.frequencies import Frequencies, read_frequencies
from confide.inputs.one_person_twice import refuse_one_person_twice
from confide.inputs.same_alleles import other_alleles
from confide.views.frequencies import Genotypes, Measurements


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def parts(made: Any) -> list[Any]:
    cuts = {"a": (0, 60), "b": (60, 160), "c": (160, 300)}
    return [(name, made.take(np.arange(*ends))) for name, ends in cuts.items()]


def read_again(person: Genotypes, share: float, seed: int) -> np.ndarray:
    """Another reading of a person: a share of the genotypes is one copy off, and as many are missing."""
    copies, which = person.copies.copy(), rng(seed).random(person.copies.shape)
    copies[which < share] = (copies[which < share] + 1) % 3
    copies[which > 1 - share] = -1
    return copies


@pytest.mark.parametrize("fst", [0.0, 0.1])
@pytest.mark.parametrize(("low", "high"), [(0.05, 0.5), (0.02, 0.1)])
def test_a_person_read_twice_is_found_and_siblings_and_strangers_are_not(fst: float, low: float, high: float):
    made = GenotypesLike(people=300, snps=3_000, populations=4, fst=fst, low=low, high=high)(rng=rng(1))
    a, b, c = parts(made)
    assert refuse_one_person_twice(a, b, c) == []
    # A sibling agrees in about half of what strangers differ at.
    half = np.where(rng(2).random(3_000) < 0.5, a[1].copies[5], a[1].copies[6])
    sibling = Genotypes(copies=np.vstack([c[1].copies, half]))
    assert refuse_one_person_twice(a, b, ("c", sibling)) == []
    again = Genotypes(copies=np.vstack([c[1].copies, read_again(a[1].take(np.array([7])), 0.004, 3)]))
    with pytest.raises(DataError, match=r"a and c share people: row 8 is row 141 of c\. Take"):
        refuse_one_person_twice(a, b, ("c", again))


def test_few_or_linked_snps_cannot_tell_and_that_is_said():
    few = GenotypesLike(people=300, snps=30)(rng=rng(1))
    blocks = GenotypesLike(people=300, snps=12)(rng=rng(2))
    linked = Genotypes(copies=np.repeat(blocks.copies, 100, axis=1))
    for made in (few, linked):
        (note,) = refuse_one_person_twice(*parts(made))
        assert "too few columns" in note


def test_measurements_of_one_person_are_found_after_a_round_trip_through_float32():
    made = rng().normal(5, 2, (300, 40))
    a, b, c = parts(Measurements(values=made))
    assert refuse_one_person_twice(a, b, c) == []
    again = Measurements(values=np.vstack([b[1].values, a[1].values[3].astype(np.float32)]))
    with pytest.raises(DataError, match="a and b share people: row 4 is row 101 of b"):
        refuse_one_person_twice(a, ("b", again), c)
    assert refuse_one_person_twice(*parts(Measurements(values=made[:, :1]))) != [], "one column cannot tell"


@pytest.mark.parametrize("unit", [1_000.0, 0.001])
def test_another_unit_is_called_that_and_nobody_twice(unit: float):
    made = rng().normal(5, 2, (300, 40))
    pool, targets, reference = (
        pl.DataFrame(part, orient="row") for part in (made[:60], made[60:160], made[160:] * unit)
    )
    with pytest.raises(
        DataError, match=r"another unit .* in 40 of 40 columns .* about (9\d\d|1,0\d\d|1,000) times"
    ):
        read_frequencies(Frequencies(pool, reference=reference, targets=targets, means=True))


@pytest.mark.parametrize("share", [0.0, 0.02, 0.6, 1.0])
def test_snps_of_the_other_allele_are_found_at_any_share(share: float):
    """Of SNPs with a frequency below .3 nearly all; and no other one, in 1,000 SNPs of one population."""
    made = GenotypesLike(people=300, snps=1_000)(rng=rng(1))
    one, two = made.take(np.arange(100)), made.take(np.arange(100, 300))
    turned = rng(2).random(1_000) < share
    found = other_alleles(one, Genotypes(copies=np.where(turned, 2 - two.copies, two.copies)))
    assert not (found & ~turned).any()
    clear = turned & (two.frequencies() < 0.3)
    assert found[clear].mean() > 0.98 if clear.any() else not found.any()


def test_two_ancestries_are_not_taken_for_two_alleles():
    """Frequencies of populations with F_ST .1 differ by .2: hundreds of SNPs are nearer turned."""
    apart = GenotypesLike(people=400, snps=2_000, populations=2, fst=0.1, low=0.2, high=0.8)
    p, q = apart.shares(rng=rng(3))
    one, two = (
        Genotypes(copies=rng(i).binomial(2, shares, (200, 2_000)).astype(np.int8))
        for i, shares in enumerate((p, q))
    )
    assert (np.abs(p - (1 - q)) < np.abs(p - q)).sum() > 300
    assert other_alleles(one, two).sum() <= 2


def test_gaps_text_and_further_columns(tmp_path):
    made = GenotypesLike(people=60, snps=20, low=0.3)(rng=rng(4))
    frames = [
        pl.DataFrame(made.copies[i : i + 20], schema=[f"s{j}" for j in range(20)], orient="row").cast(
            pl.Int64
        )
        for i in (0, 20, 40)
    ]
    gaps = frames[0].with_columns(
        s0=pl.Series([None, *frames[0]["s0"][1:]]),
        s1=pl.Series(["NA", *map(str, frames[0]["s1"][1:])]),
        s2=pl.Series([-1, *frames[0]["s2"][1:]]),
    )
    gaps.write_csv(tmp_path / "pool.csv")
    more = frames[1].select(*reversed(frames[1].columns), pl.lit(9).alias("other"))
    data = read_frequencies(Frequencies(tmp_path / "pool.csv", reference=frames[2], targets=more))
    people = data.people
    assert isinstance(people, Genotypes) and data.pool == 20 and len(people) == 40
    assert people.copies[0, :3].tolist() == [-1, -1, -1]
    assert (people.copies[1:20] == made.copies[1:20]).all()
    assert (people.copies[20:] == made.copies[20:40]).all(), "columns are found by their names"
    text = " ".join(data.notes)
    assert "missing (0.75 % in pool.csv)" in text and "1 column that pool.csv does not have" in text
    assert data.who.row(0) == ("pool.csv", 1) and data.who.row(20) == ("the targets", 1)
