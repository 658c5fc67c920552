"""Conformance of a training: sound ones fail as rarely as stated, and faults of the stated size are found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import binom

from confide.core.arrays import Floats, Ints
from confide.measure.conformance import Check, exact, fresh, judged, noise, sampling

RECORDS, STEPS, RATE, PARAMETERS = 400, 40, 0.1, 300
RUNS = 400


def batches(rng: np.random.Generator, rate: float = RATE) -> list[Ints]:
    return [np.flatnonzero(rng.random(RECORDS) < rate) for _ in range(STEPS)]


def noise_checks(z: Floats) -> list[Check]:
    """Of noise float64[steps, parameters], summed up naively."""
    return noise(
        parameters=z.shape[1],
        steps=len(z),
        squares=sum(float(v) ** 2 for v in z.ravel()),
        fourths=float((z**4).sum()),
        neighbours=float((z[:, 1:] * z[:, :-1]).sum()),
        successive=float((z[1:] * z[:-1]).sum()),
        total=z.sum(0),
    )


def sound(rng: np.random.Generator) -> list[Check]:
    z = rng.standard_normal((STEPS, PARAMETERS))
    other = rng.standard_normal(PARAMETERS)
    return [*sampling(batches(rng), records=RECORDS, rate=RATE), *noise_checks(z), fresh(z[0], other)]


@pytest.fixture(scope="module")
def many() -> list[list[Check]]:
    rng = np.random.default_rng(11)
    return [sound(rng) for _ in range(RUNS)]


def test_p_values_of_a_sound_training_are_below_a_level_as_often_as_they_say(
    many: Sequence[list[Check]],
) -> None:
    """Each of ten tests at 5 %: a wrong law fails; a right one once in 3,000 times (ten of one in 30,000)."""
    most, least = binom.ppf([1 - 1 / 60_000, 1 / 60_000], RUNS, 0.05)
    for i, check in enumerate(many[0]):
        rare = sum(run[i].p < 0.05 for run in many)
        # Discrete tests may fail less often.
        assert rare <= most, check.name
        assert rare >= least - 5, check.name


def test_all_tests_of_a_sound_training_together_fail_rarely(many: Sequence[list[Check]]) -> None:
    """Once in 1,000 runs: of 400 more than 4 would come once in 10,000 times."""
    assert sum(any(c.failed for c in judged(run)) for run in many) <= 4


@pytest.mark.parametrize("deviation", [-1, 1])
def test_a_noise_that_is_off_by_what_is_stated_is_found_nine_times_of_ten(deviation: int) -> None:
    """By the normal law in .9 of 200 runs; fewer than .82 come once in 3,000 times."""
    rng = np.random.default_rng(2)
    finds = noise_checks(rng.standard_normal((STEPS, PARAMETERS)))[0].finds
    off = 1 + deviation * finds
    found = [
        judged([*sound(rng)[:4], *noise_checks(off * rng.standard_normal((STEPS, PARAMETERS)))])[4].failed
        for _ in range(200)
    ]
    assert np.mean(found) > 0.82


def test_a_rate_that_is_off_by_what_is_stated_is_found() -> None:
    rng = np.random.default_rng(3)
    finds = sampling(batches(rng), records=RECORDS, rate=RATE)[0].finds
    found = [
        judged(sampling(batches(rng, RATE + finds), records=RECORDS, rate=RATE))[0].failed for _ in range(200)
    ]
    assert np.mean(found) > 0.82


def test_batches_of_one_size_are_no_poisson_samples() -> None:
    rng = np.random.default_rng(4)
    fixed = [rng.permutation(RECORDS)[:40] for _ in range(STEPS)]
    assert [c.failed for c in judged(sampling(fixed, records=RECORDS, rate=RATE))] == [
        False,
        True,
        False,
        False,
    ]


def test_noise_that_is_used_again_two_steps_later_is_found_in_its_sum() -> None:
    rng = np.random.default_rng(5)
    two = rng.standard_normal((2, PARAMETERS))
    checks = judged(noise_checks(np.tile(two, (STEPS // 2, 1))))
    assert [c.failed for c in checks][-1]


def test_noise_that_cancels_out_is_found() -> None:
    """Steps that subtract what the step before added: the last model has hardly any noise."""
    rng = np.random.default_rng(6)
    z = rng.standard_normal((STEPS // 2, PARAMETERS))
    checks = judged(noise_checks(np.stack([z, -z], axis=1).reshape(STEPS, PARAMETERS)))
    assert [c.name for c in checks if c.failed][-1].startswith("deviation of the noise summed over steps")


def test_laplace_noise_of_the_same_variance_is_found() -> None:
    z = np.random.default_rng(7).laplace(scale=np.sqrt(0.5), size=(STEPS, PARAMETERS))
    assert [c.failed for c in judged(noise_checks(z))][:2] == [False, True]


def test_what_was_not_shown_is_no_check_and_what_is_no_number_fails() -> None:
    assert exact("share", [np.nan], 0.0, "") is None
    broken = Check(name="a", seen=np.nan, promised=0, p=np.nan, finds=1.0, fault="")
    assert judged([broken])[0].failed


def test_full_batches_leave_nothing_to_chance() -> None:
    whole = [np.arange(RECORDS)] * STEPS
    assert [c.failed for c in judged(sampling(whole, records=RECORDS, rate=1.0))] == [False]
    short = [*whole[1:], np.arange(RECORDS - 1)]
    assert [c.failed for c in judged(sampling(short, records=RECORDS, rate=1.0))] == [True]


@pytest.mark.parametrize(("records", "rate", "steps"), [(1_000, 0.001, 51), (600, 0.005, 20)])
def test_rare_records_do_not_break_a_sound_training(records: int, rate: float, steps: int) -> None:
    """Counts far below one are no normal numbers; they failed 5 % and .4 % of sound trainings.

    Of four tests with ten thousandths each, .3 of 800 runs fail: more than 4 come once in 20,000 times.
    """
    rng, failed = np.random.default_rng(8), 0
    for _ in range(800):
        made = [np.flatnonzero(rng.random(records) < rate) for _ in range(steps)]
        failed += any(c.p < 1e-4 for c in sampling(made, records=records, rate=rate))
    assert failed <= 4


def test_records_that_are_drawn_twice_in_a_row_are_found_at_a_rare_rate_too() -> None:
    rng = np.random.default_rng(9)
    once = [np.flatnonzero(rng.random(1_000) < 0.005) for _ in range(10)]
    twice = [batch for batch in once for _ in range(2)]
    assert judged(sampling(twice, records=1_000, rate=0.005))[3].failed


def test_noise_that_is_no_number_fails() -> None:
    z = np.random.default_rng(10).standard_normal((STEPS, PARAMETERS))
    z[3, 4] = np.nan
    assert [c.name for c in judged(noise_checks(z)) if c.failed][:2] == [
        "deviation of the noise, as a multiple of the promised one",
        "fourth power of the noise, as a multiple of the normal one",
    ]
