"""Randomised columns keep their promises: exact chances, a test with power, and broken twins."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import chisquare

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, EvidenceError, PromiseError
from confide.measure import clopper_pearson
from confide.mechanisms.anonymize.invariant_pram import InvariantPram
from confide.mechanisms.noise.words import rehearsal_words
from confide.mechanisms.randomize.columns import Odds
from confide.mechanisms.randomize.k_ary import KAry, Warner
from confide.mechanisms.randomize.pram import WHOLE, Pram, whole_numbers
from confide.mechanisms.randomize.randomised_columns import EveryColumn, RandomisedColumns
from confide.mechanisms.randomize.rappor import Rappor
from confide.mechanisms.randomize.unary_encoding import UnaryEncoding
from confide.views.table import Domain, Table

MATRIX = ((0.7, 0.2, 0.1), (0.25, 0.5, 0.25), (0.05, 0.15, 0.8))
ALPHA = 1e-6
"""The chance that a test of a distribution here fails though all is right; the seeds are fixed besides."""


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def table(codes: list[int] | np.ndarray, *, values: int = 3, name: str = "x") -> Table:
    return Table.of([Domain(name, tuple("abcdefghij"[:values]))], np.asarray(codes)[:, None])


@pytest.mark.parametrize("epsilon", [1e-12, 2.0**-30, 0.1, 0.7, 1.0, 3.0, 20.0, 27.0, 50.0, 700.0])
@pytest.mark.parametrize("others", [1, 2, 9, 40_000])
def test_the_odds_keep_the_promise_as_fractions(epsilon: float, others: int):
    odds = Odds.of(epsilon, others)
    assert odds.total < 1 << 62
    with localcontext() as context:
        context.prec = 400
        ratio = Decimal(odds.keep) / odds.other
        assert 1 <= ratio <= Decimal(epsilon).exp()
        if 0.1 <= epsilon <= 27:
            assert ratio == pytest.approx(Decimal(epsilon).exp(), rel=Decimal("1e-5")), "and none is wasted"
    assert odds.epsilon <= epsilon * (1 + 1e-12) + 1e-15


@pytest.mark.parametrize("others", [1, 4])
def test_a_code_is_drawn_with_the_odds(others: int):
    """Chi-square over all values, from each of them."""
    odds = Odds.of(0.8, others)
    for code in range(others + 1):
        drawn = odds.drawn(np.full(200_000, code), rehearsal_words(rng(code)))
        expected = np.full(others + 1, odds.shown)
        expected[code] = odds.kept
        assert chisquare(np.bincount(drawn, minlength=others + 1), 200_000 * expected).pvalue > ALPHA


def answers(mechanism, code: int, values: int, times: int, seed: int) -> np.ndarray:
    """How often each answer comes for this true value, bits read as a binary number."""
    view = mechanism(table(np.full(times, code), values=values), rng=rng(seed)).view
    word = view.low.astype(np.int64) @ 2 ** np.arange(view.low.shape[1])
    return np.bincount(word, minlength=max(2 ** view.low.shape[1], values))


def keeps(mechanism, promised: float, *, values: int, times: int = 200_000) -> bool:
    """Is no answer likelier under another value by more than e^promised, with a margin of 1e-6?"""
    seen = [answers(mechanism, code, values, times, seed=code) for code in range(values)]
    for a, b in itertools.permutations(seen, 2):
        low = clopper_pearson(a, times, confidence=1 - ALPHA)[0]
        high = clopper_pearson(b, times, confidence=1 - ALPHA)[1]
        if (low > math.exp(promised) * high).any():
            return False
    return True


@pytest.mark.parametrize("epsilon", [0.7, 2.0])
@pytest.mark.parametrize(("kind", "values"), [(Warner, 2), (KAry, 4), (UnaryEncoding, 3)])
def test_no_answer_says_more_than_promised_and_a_wrong_probability_is_caught(
    kind, values: int, epsilon: float
):
    made = kind(column="x", epsilon=epsilon, noise="rehearsal")
    assert keeps(made, epsilon, values=values)
    assert not keeps(replace(made, epsilon=1.2 * epsilon), epsilon, values=values)


@pytest.mark.parametrize("epsilon", [0.3, 1.0, 4.0])
def test_every_set_of_bits_keeps_the_promise_exactly(epsilon: float):
    """All 8 answers of unary encoding for all 3 values, in whole numbers."""
    odds = UnaryEncoding(column="x", epsilon=epsilon).odds
    wrong = Fraction(odds.other, odds.total)

    def chance(bits: tuple[int, ...], value: int) -> Fraction:
        return math.prod(
            Fraction(1, 2) if i == value else (wrong if bit else 1 - wrong) for i, bit in enumerate(bits)
        )

    for bits in itertools.product((0, 1), repeat=3):
        seen = [chance(bits, value) for value in range(3)]
        assert Decimal(float(max(seen) / min(seen))).ln() <= Decimal(epsilon) * (1 + Decimal("1e-12"))


@pytest.mark.parametrize("hashes", [1, 2])
def test_every_permanent_response_keeps_the_promise_exactly(hashes: int):
    """All 16 responses of 4 bits for 6 values, in each cohort; values with different filters need it all."""
    made = Rappor(column="x", epsilon=2.0, bits=4, hashes=hashes, cohorts=3)
    turned = Fraction(made.odds.other, made.odds.total)
    largest = Fraction(1)
    for filters in made.filters(tuple("abcdef")):
        for bits in itertools.product((False, True), repeat=4):
            seen = [
                math.prod(1 - turned if bit == true else turned for bit, true in zip(bits, row, strict=True))
                for row in filters
            ]
            largest = max(largest, max(seen) / min(seen))
    assert math.log(largest) <= 2.0
    assert math.log(largest) == pytest.approx(2.0, rel=1e-6), "some pair of values spends all of it"


def reported(
    mechanism: Rappor, code: int, *, times: int, people: int, forgetful: bool, seed: int
) -> np.ndarray:
    """The share of reports in which each person's own bit was 1, over several reports about one value."""
    held, memo, words = table(np.full(people, code), values=2), None, rng(seed)
    total = np.zeros(people)
    for _ in range(times):
        made, memo = mechanism.report(held, memo=None if forgetful else memo, rng=words)
        cohort, bits = mechanism.reported(made.view)
        own = mechanism.filters(("a", "b"))[cohort, 0].argmax(1)  # the bit that value a sets
        total += bits[np.arange(people), own]
    return total / times


@pytest.mark.parametrize("times", [1, 25])
def test_many_reports_say_no_more_than_one_permanent_response_and_a_forgotten_memo_is_caught(times: int):
    """Is the sum of a bit's reports above any line e^epsilon times likelier under one value? Margin 1e-6."""
    made = Rappor(column="x", epsilon=2.0, bits=16, hashes=1, cohorts=1, one=0.9, zero=0.1, noise="rehearsal")
    assert not (made.filters(("a", "b"))[0, 0] & made.filters(("a", "b"))[0, 1]).any()

    def most(forgetful: bool) -> float:
        people, found = 6_000, 0.0
        one, other = (
            reported(made, code, times=times, people=people, forgetful=forgetful, seed=code)
            for code in (0, 1)
        )
        for line in np.unique(np.concatenate([one, other])):
            for above in (lambda share, line=line: share >= line, lambda share, line=line: share < line):
                for a, b in ((one, other), (other, one)):
                    low = clopper_pearson(above(a).sum(), people, confidence=1 - ALPHA)[0]
                    high = clopper_pearson(above(b).sum(), people, confidence=1 - ALPHA)[1]
                    found = max(found, float(low / high))
        return math.log(found) if found else -math.inf

    assert most(forgetful=False) <= made.epsilon
    if times > 1:
        assert most(forgetful=True) > made.epsilon, "averaging over new responses finds the value"


def test_a_memo_keeps_the_response_of_each_value_and_is_for_the_same_people():
    made = Rappor(column="x", epsilon=1.0, noise="rehearsal")
    first, memo = made.report(table([0, 1, 2]), memo=None, rng=rng(1))
    _, changed = made.report(table([1, 1, 2]), memo=memo, rng=rng(2))
    _, back = made.report(table([0, 1, 2]), memo=changed, rng=rng(3))
    assert len(memo.key) == 3 and len(changed.key) == 4 and back.key.tolist() == changed.key.tolist()
    kept = np.isin(changed.key, memo.key)
    assert (changed.bits[kept] == memo.bits).all() and (changed.cohort == memo.cohort).all()
    assert first.budget == Budget(1.0, unit=Unit.cells(["x"]))
    with pytest.raises(DataError, match="3 people and the table about 2"):
        made.report(table([0, 1]), memo=memo, rng=rng())
    with pytest.raises(DataError, match="others"):
        made.report(table([0, 1, 2], values=4), memo=memo, rng=rng())


def test_one_report_alone_promises_what_the_paper_says():
    """Erlingsson et al. 2014: h = 2, f = 1/2, q = 3/4, p = 1/2; epsilon_inf = 4 ln 3."""
    made = Rappor(column="x", epsilon=4 * math.log(3))
    assert made.odds.shown == pytest.approx(0.25, rel=1e-9)
    q, p = 0.5 * 0.5 * 1.25 + 0.5 * 0.75, 0.5 * 0.5 * 1.25 + 0.5 * 0.5
    assert made.shares == (pytest.approx(q), pytest.approx(p))
    assert made.epsilon_once == pytest.approx(2 * math.log(q * (1 - p) / (p * (1 - q))))
    assert made.epsilon_once < made.epsilon


def test_a_matrix_is_drawn_as_it_stands_and_promises_its_largest_ratio():
    made = Pram(column="x", matrix=MATRIX, noise="rehearsal")
    assert made.budget is not None and made.budget.epsilon == pytest.approx(math.log(0.7 / 0.05))
    for code in range(3):
        seen = answers(made, code, 3, 200_000, seed=code)[:3]
        assert chisquare(seen, 200_000 * np.array(MATRIX[code])).pvalue > ALPHA
    assert (whole_numbers(np.array(MATRIX)).sum(1) == WHOLE).all()
    assert keeps(made, made.budget.epsilon, values=3)
    assert not keeps(made, made.budget.epsilon / 1.1, values=3)
    never = Pram(column="x", matrix=((1.0, 0.0), (0.5, 0.5)))
    assert never.budget is None and never.epsilon(table([0, 1], values=2)) == math.inf


def test_a_share_is_k_ary_response_with_the_epsilon_of_the_table():
    made = Pram(change=0.3)
    held = Table.of([Domain("x", tuple("abc")), Domain("y", tuple("ab"))], np.array([[0, 1]]))
    assert made.budget is None
    assert made.epsilon(held) == pytest.approx(math.log(0.7 / 0.15) + math.log(0.7 / 0.3))


COUNTS = np.array([600, 300, 90, 10, 0])


def test_invariant_randomisation_keeps_counts_exactly_in_the_mean():
    made = InvariantPram(change=0.4)
    matrix = made.matrix(COUNTS)
    assert matrix.sum(1) == pytest.approx(np.ones(5))
    assert COUNTS @ matrix == pytest.approx(COUNTS, abs=1e-9)
    plain = np.full((5, 5), 0.1) + 0.5 * np.eye(5)
    reference = np.zeros((5, 5))
    for i, j, k in itertools.product(range(5), repeat=3):  # P Q of the paper, term by term
        total = sum(COUNTS[l] * plain[l, j] for l in range(5))  # noqa: E741
        reference[i, k] += plain[i, j] * COUNTS[k] * plain[k, j] / total
    assert matrix == pytest.approx(reference, abs=1e-8)
    with pytest.raises(DataError, match=r"at most 0\.5"):
        InvariantPram(change=0.6)(table([0, 1], values=2), rng=rng())


def drift(mechanism, *, times: int = 300) -> float:
    """The chi-square p-value of the mean counts over many releases, against the counts of the original."""
    held, total = table(np.repeat(np.arange(5), COUNTS), values=5), np.zeros(5)
    for seed in range(times):
        total += np.bincount(mechanism(held, rng=rng(seed)).view.low[:, 0], minlength=5)
    # Each row is drawn, so that counts vary less than multinomially: the test is on the safe side.
    return float(chisquare(total[:4], times * COUNTS[:4] * total[:4].sum() / (times * 1000)).pvalue)


def test_released_counts_do_not_drift_and_without_invariance_they_do():
    assert drift(InvariantPram(change=0.4, noise="rehearsal")) > ALPHA
    assert drift(Pram(change=0.4, noise="rehearsal")) < ALPHA


def test_the_drawn_matrix_is_the_invariant_one():
    """Chi-square of 200,000 answers of each value, in a table with these counts."""
    made, codes = InvariantPram(change=0.4, noise="rehearsal"), np.repeat(np.arange(5), COUNTS * 300)
    drawn = made(table(codes, values=5), rng=rng()).view.low[:, 0]
    matrix = made.matrix(COUNTS)
    for code in range(4):
        seen = np.bincount(drawn[codes == code], minlength=5)
        assert seen[4] == 0, "a value that nobody has cannot be released"
        assert chisquare(seen[:4], matrix[code, :4] / matrix[code, :4].sum() * seen.sum()).pvalue > ALPHA


@dataclass(frozen=True)
class Estimated:
    """How a mechanism is run and read back; the reader may believe in another epsilon than was used."""

    made: object
    read: object
    values: int

    def estimates(self, truth: np.ndarray, *, times: int = 200) -> list:
        held = table(np.repeat(np.arange(self.values), truth), values=self.values)
        return [self.once(self.made(held, rng=rng(seed)).view) for seed in range(times)]

    def once(self, view: Table):
        if isinstance(self.read, Rappor):
            from confide.mechanisms.randomize.rappor_decoding import frequencies_of

            return frequencies_of(self.read, view, tuple("abcdefghij"[: self.values])).unbiased
        return self.read.estimate(view).unbiased


def both(made, values: int) -> Estimated:
    return Estimated(made, made, values)


SMALL = {"bits": 12, "cohorts": 3}
RUNS = {
    "Warner": both(Warner(column="x", epsilon=1.0, noise="rehearsal"), 2),
    "k-ary": both(KAry(column="x", epsilon=1.0, noise="rehearsal"), 4),
    "unary encoding": both(UnaryEncoding(column="x", epsilon=1.0, noise="rehearsal"), 4),
    "RAPPOR": both(Rappor(column="x", epsilon=4.0, noise="rehearsal", **SMALL), 4),
    "PRAM": both(Pram(change=0.3, noise="rehearsal"), 4),
    "PRAM by a matrix": both(Pram(column="x", matrix=MATRIX, noise="rehearsal"), 3),
    "invariant PRAM": both(InvariantPram(change=0.3, noise="rehearsal"), 4),
}
WRONG = {
    "Warner": replace(RUNS["Warner"], read=Warner(column="x", epsilon=1.2)),
    "k-ary": replace(RUNS["k-ary"], read=KAry(column="x", epsilon=1.2)),
    "unary encoding": replace(RUNS["unary encoding"], read=UnaryEncoding(column="x", epsilon=1.2)),
    "RAPPOR": replace(RUNS["RAPPOR"], read=Rappor(column="x", epsilon=4.8, **SMALL)),
    "PRAM": replace(RUNS["PRAM"], read=Pram(change=0.27)),
    "PRAM by a matrix": replace(RUNS["PRAM by a matrix"], read=Pram(column="x", matrix=MATRIX[::-1])),
    "invariant PRAM": replace(RUNS["invariant PRAM"], made=Pram(change=0.3, noise="rehearsal")),
}
TRUTH = np.array([500, 300, 150, 50])


def worst(run: Estimated) -> tuple[float, int]:
    """The largest bias over 200 repetitions in standard errors, and how many intervals miss."""
    truth = TRUTH[: run.values]
    found = run.estimates(truth)
    value = np.array([[e.value for e in one] for one in found])
    share = truth / truth.sum()
    bias = (value.mean(0) - share) / (value.std(0, ddof=1) / math.sqrt(len(value)))
    missed = sum(not e.low <= s <= e.high for one in found for e, s in zip(one, share, strict=True))
    return float(np.abs(bias).max()), missed


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name == "RAPPOR")) for name in RUNS]
)
def test_estimates_are_unbiased_and_a_wrong_probability_is_caught(name: str):
    """Bias within 3 standard errors over 200 repetitions: a right estimate fails 1 time in 100, at one seed.

    Of the intervals at 95 % at most 8 % miss: repetitions are independent, and 200 miss as often once in 30.
    """
    run = RUNS[name]
    bias, missed = worst(run)
    assert bias <= 3
    assert missed <= 0.08 * 200 * run.values
    assert worst(WRONG[name])[0] > 3


@pytest.mark.slow
def test_decoding_finds_the_frequent_values_among_many_candidates_and_no_others():
    """Of 200 candidates 4 occur; each of 8 tables names a false one with a chance of 5 % at most."""
    from confide.mechanisms.randomize.rappor_decoding import decode

    candidates = [*"abcd", *(f"word {i}" for i in range(196))]
    made = Rappor(column="x", epsilon=5.0, noise="rehearsal")
    held = table(np.repeat(np.arange(4), TRUTH * 20), values=4)
    false, missed = 0, 0
    for seed in range(8):
        found = decode(made, made(held, rng=rng(seed)).view, candidates)
        false += bool(set(found.values) - set("abcd"))
        missed += "a" not in found.values or "b" not in found.values
        assert found.projected.sum() <= 1 + 1e-9
    assert false <= 3  # 4 or more of 8 at 5 % once in 2,700 runs
    assert not missed


def test_decoding_refuses_what_it_cannot_tell_apart():
    from confide.mechanisms.randomize.rappor_decoding import decode, frequencies_of

    made = Rappor(column="x", epsilon=5.0, bits=2, hashes=1, cohorts=1, noise="rehearsal")
    view = made(table([0, 1, 2] * 9), rng=rng()).view
    with pytest.raises(EvidenceError, match="cannot be told apart"):
        frequencies_of(made, view, tuple("abc"))
    with pytest.raises(EvidenceError, match="twice"):
        decode(made, view, ("a", "a"))


def test_columns_add_up_and_the_promise_names_what_it_hides():
    parts = [KAry(column="sex", epsilon=1.0), KAry(column="region", epsilon=1.0)]
    held = Table.of(
        [Domain(n, ("a", "b")) for n in ("sex", "name", "region")], np.array([[0, 1, 1], [1, 0, 1]])
    )
    dropped = RandomisedColumns.split(parts, epsilon=2.0, weights=[1, 3], noise="rehearsal")
    assert [part.epsilon for part in dropped.parts] == [pytest.approx(0.5), pytest.approx(1.5)]
    assert dropped.budget.epsilon == pytest.approx(2.0) and dropped.budget.epsilon <= 2.0
    assert dropped.budget.unit == Unit.record()
    assert dropped(held, rng=rng()).view.names == ("sex", "region")
    assert dropped.claims(dropped(held, rng=rng()).view)[0].holds and not dropped.claims(held)[0].holds
    kept = replace(dropped, rest="keep")
    assert kept(held, rng=rng()).view.names == held.names
    assert kept.budget.unit == Unit.cells(["region", "sex"])
    rows = RandomisedColumns.split(parts, epsilon=2.0, at_most=4)
    assert rows.parts[0].epsilon == pytest.approx(0.25) and rows.budget.epsilon <= 2.0
    assert rows.budget.unit == Unit.person("person", at_most=4)
    with pytest.raises(PromiseError, match="'sex' is randomised twice"):
        RandomisedColumns(parts=(parts[0], parts[0]))
    with pytest.raises(DataError, match="'name' was not randomised"):
        dropped.part("name")
    every = EveryColumn(epsilon=3.0)
    assert [p.epsilon for p in every.on(held).parts] == [pytest.approx(1.0)] * 3


def test_a_whole_row_keeps_its_promise_and_forgetting_to_split_is_caught():
    """Two columns of two values: is any of the 4 rows likelier under another by more than e^epsilon?"""

    def seen(mechanism, row: tuple[int, int]) -> np.ndarray:
        held = Table.of([Domain("x", ("a", "b")), Domain("y", ("a", "b"))], np.tile(row, (200_000, 1)))
        view = mechanism(held, rng=rng(row[0] + 2 * row[1])).view
        return np.bincount(view.low @ np.array([1, 2]), minlength=4)

    def most(mechanism) -> float:
        one, other = seen(mechanism, (0, 0)), seen(mechanism, (1, 1))
        low = clopper_pearson(one, 200_000, confidence=1 - ALPHA)[0]
        return float((low / clopper_pearson(other, 200_000, confidence=1 - ALPHA)[1]).max())

    right = EveryColumn(epsilon=1.0, noise="rehearsal")
    assert most(right) <= math.e
    twin = RandomisedColumns(
        parts=tuple(Warner(column=name, epsilon=1.0) for name in ("x", "y")), noise="rehearsal"
    )
    assert most(twin) > math.e


def test_a_missing_value_is_a_value_and_ranges_are_refused():
    held = Table.of([Domain("x", ("a", "b", ""), missing=True)], np.array([[0], [2]]))
    with pytest.raises(DataError, match="3 values, a missing one included"):
        Warner(column="x", epsilon=1.0)(held, rng=rng())
    many = replace(KAry(column="x", epsilon=0.1), noise="rehearsal")(
        held.take(np.zeros(3000, int)), rng=rng()
    )
    assert set(many.view.low[:, 0].tolist()) == {0, 1, 2}
    coarse = Table(held.domains, held.low, np.full_like(held.low, 2))
    with pytest.raises(DataError, match="'x' holds a range in row 1"):
        KAry(column="x", epsilon=1.0)(coarse, rng=rng())


@pytest.mark.parametrize("epsilon", [0.0, -1.0, math.inf, math.nan])
def test_no_epsilon_of_zero_or_infinity(epsilon: float):
    for kind in (KAry, Warner, UnaryEncoding, Rappor):
        with pytest.raises(PromiseError, match="above 0"):
            kind(column="x", epsilon=epsilon)
    with pytest.raises(PromiseError, match="above 0"):
        EveryColumn(epsilon=epsilon)
    with pytest.raises(PromiseError, match="above 0"):
        RandomisedColumns.split([KAry(column="x", epsilon=1.0)], epsilon=epsilon)


def test_refuses_matrices_and_shares_that_are_none():
    for matrix in (((0.5, 0.5),), ((0.5, 0.6), (0.5, 0.5)), ((1.5, -0.5), (0.5, 0.5))):
        with pytest.raises(PromiseError):
            Pram(column="x", matrix=matrix)
    with pytest.raises(PromiseError, match="one of the two"):
        Pram(column="x")
    for change in (0.0, 1.0, math.nan):
        with pytest.raises(PromiseError, match="share of changed values"):
            Pram(change=change)
    with pytest.raises(DataError, match="3 rows and column 'x' 2 values"):
        Pram(column="x", matrix=MATRIX)(table([0, 1], values=2), rng=rng())
    singular = Pram(column="x", matrix=((0.5, 0.5), (0.5, 0.5)))
    with pytest.raises(EvidenceError, match="cannot be undone"):
        singular.estimate(table([0, 1], values=2))


def test_secure_noise_cannot_be_replayed_and_a_rehearsal_can():
    held = table(np.arange(200) % 3)
    for made in (KAry(column="x", epsilon=1.0), Pram(change=0.5), UnaryEncoding(column="x", epsilon=1.0)):
        assert len({made(held, rng=rng(1)).view.digest() for _ in range(3)}) == 3
        again = replace(made, noise="rehearsal")
        assert again(held, rng=rng(1)).view.digest() == again(held, rng=rng(1)).view.digest()
    with pytest.raises(DataError, match=r"two columns 'x=a'"):
        clash = Table.of([Domain("x", ("a", "b")), Domain("x=a", ("0", "1"))], np.array([[0, 0]]))
        UnaryEncoding(column="x", epsilon=1.0)(clash, rng=rng())


def test_a_table_without_rows_and_a_column_of_one_value_stay():
    for held in (table([]), table([0, 0], values=1)):
        for made in (
            KAry(column="x", epsilon=1.0),
            UnaryEncoding(column="x", epsilon=1.0),
            Rappor(column="x", epsilon=1.0),
            Pram(change=0.3),
            InvariantPram(change=0.3),
            EveryColumn(epsilon=1.0),
        ):
            assert len(made(held, rng=rng()).view) == len(held)
    assert KAry(column="x", epsilon=1.0)(table([0, 0], values=1), rng=rng()).view.low.tolist() == [[0], [0]]
