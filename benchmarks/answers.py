"""Reconstruction from answers to random subset sums: bits right, the forecast, robustness, time.

python benchmarks/answers.py [--write] [--quick]

Each of n people has a secret bit, a fair coin. Each of m queries is a random half of the people, and its
answer is the number of them who have the secret, plus normal noise of deviation c sqrt(n). The adversary
knows who is in which query. "Best" is what no adversary can exceed when n and m are large: the fixed point of
the state evolution with posterior means. "Foretold" is the closed form, before any answer is given. Times are
CPU seconds of one thread, memory is the peak of the process.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from page import bars, head, machine, publish, row
from scipy.integrate import quad
from scipy.special import expit

from confide.attacks.reconstruction.answers import (
    BoxReconstruction,
    LeastSquares,
    LinearProgram,
    RobustReconstruction,
)
from confide.core.nouns import Case
from confide.knowledge.answers import AnswersKnowledge
from confide.measure.reconstruction import (
    answers_until,
    box_deviation,
    least_squares_deviation,
    share_known,
    share_right,
)
from confide.views.answers import Answers, Subsets

BOX, LS = BoxReconstruction(), LeastSquares()
WANTED = {
    (128, 256): {0.1: 0.997, 0.25: 0.916, 0.5: 0.778, 1.0: 0.670},
    (128, 640): {0.1: 1.0, 0.25: 0.981, 0.5: 0.858, 1.0: 0.708},
    (1_000, 5_000): {0.25: 0.979, 0.5: 0.852, 1.0: 0.705},
}
TIMES = {128: 80, 1_000: 8}
KNOWN = (0.01, 0.05, 0.5)


def asked(people: int, count: int, c: float, *, seed: int, wrong: float = 0.0):
    """A case, and its secret bits."""
    rng = np.random.default_rng([seed, people, count])
    subsets, bits = Subsets.random(count, people, rng=rng), rng.random(people) < 0.5
    noise = c * people**0.5
    answers = subsets.sums(bits) + rng.normal(0, noise, count)
    lost = rng.random(count) < wrong
    answers[lost] = rng.uniform(0, people, lost.sum())
    view = Answers(subsets=subsets, answers=answers, noise=noise)
    return Case(view, AnswersKnowledge(), np.arange(people)), bits


def reached(attack, people: int, count: int, c: float, *, times: int, wrong: float = 0.0):
    """The mean share of bits that are right, its standard error, seconds each, and all claims."""
    shares, seconds, claims = [], [], []
    for seed in range(times):
        case, bits = asked(people, count, c, seed=seed, wrong=wrong)
        start = time.process_time()
        guess = attack(case, rng=np.random.default_rng(seed))
        seconds.append(time.process_time() - start)
        shares.append((guess.value == bits).mean())
        claims.append(np.stack([expit(abs(guess.score)), guess.value == bits]))
    error = np.std(shares, ddof=1) / times**0.5 if times > 1 else (0.25 / people) ** 0.5
    return float(np.mean(shares)), float(error), min(seconds), np.concatenate(claims, axis=1)


def best(people: int, count: int, c: float) -> float:
    """The share right of the posterior means: tau^2 = 4 sigma^2 / m + (n / m) mmse(tau), from below."""
    noise = c * people**0.5
    tau2 = 4 * noise**2 / count
    for _ in range(200):
        tau = tau2**0.5

        def doubt(h: float, tau: float = tau) -> float:
            p = expit((tau * h - 0.5) / tau**2)
            return p * (1 - p) * np.exp(-h * h / 2) / (2 * np.pi) ** 0.5

        tau2 = 4 * noise**2 / count + people / count * quad(doubt, -12, 12, limit=200)[0]
    return share_right(tau2**0.5)


def off(claims: np.ndarray, *, least: int = 500) -> tuple[float, int]:
    """The largest gap between said and true in ten bins of the claims' probability, and the bins counted."""
    p, right = claims
    number = np.minimum((20 * (p - 0.5)).astype(int), 9)
    bins = [number == i for i in range(10) if (number == i).sum() >= least]
    return max(abs(p[b].mean() - right[b].mean()) for b in bins), len(bins)


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--quick", action="store_true", help="without 10,000 people and the program")
    options = parser.parse_args()
    started, checks = time.perf_counter(), []
    lines = ["# Reconstruction from answers to subset sums", "", *(__doc__ or "").splitlines()[4:], ""]

    lines += head("n", "m", "c", "box", "foretold", "best", "least squares", "foretold", "wanted", "off")
    for (n, m), rows in WANTED.items():
        for c, bar in rows.items():
            noise, times = c * n**0.5, TIMES[n]
            box, error, seconds, claims = reached(BOX, n, m, c, times=times)
            plain, plain_error, _, _ = reached(LS, n, m, c, times=times)
            told = share_right(box_deviation(n, m, noise=noise))
            plain_told = share_right(least_squares_deviation(n, m, noise=noise))
            gap, bins = off(claims)
            cells = (f"{box:.3f} ± {error:.3f}", f"{told:.3f}", f"{best(n, m, c):.3f}")
            cells += (f"{plain:.3f} ± {plain_error:.3f}", f"{plain_told:.3f}", f"{bar:.3f}")
            lines.append(row(f"{n:,}", f"{m:,}", c, *cells, f"{gap:.3f} ({bins})"))
            name = f"n = {n:,}, m = {m:,}, c = {c}"
            # A share that no adversary reaches stays a bar, and is said to be one that cannot be met.
            most = best(n, m, c)
            beyond = f" (for large n no adversary exceeds {most:.3f})" if bar - 0.02 > most else ""
            checks += [
                (f"{name}: box {bar:.3f} ± .02{beyond}", abs(box - bar) <= 0.02),
                (f"{name}: box at least least squares - .01", box >= plain - 0.01),
                (f"{name}: both foretold within .02", max(abs(box - told), abs(plain - plain_told)) <= 0.02),
                (f"{name}: probabilities right within .05", gap <= 0.05),
            ]
            if (n, c) == (1_000, 0.25):
                checks.append((f"{name}: at most .2 s ({seconds:.2f})", seconds <= 0.2))
    lines += ["", 'Mean ± standard error over data sets. "Off" is the largest gap between the probability of']
    lines += [
        "a claim and the share that is right, over bins with 500 claims (how many of ten these are).",
        "",
    ]

    lines += ["## Some answers arbitrary", "", "n = 1,000, m = 5,000, c = 0.25; a share of the answers is"]
    lines += ["uniform in 0 to n.", "", *head("share", "robust", "box", "least squares", "seconds")]
    for wrong, bar in ((0.1, 0.96), (0.2, 0.94)):
        robust, error, seconds, _ = reached(RobustReconstruction(), 1_000, 5_000, 0.25, times=4, wrong=wrong)
        others = [reached(attack, 1_000, 5_000, 0.25, times=4, wrong=wrong)[0] for attack in (BOX, LS)]
        cells = (f"{robust:.3f} ± {error:.3f}", *(f"{share:.3f}" for share in others))
        lines.append(row(wrong, *cells, f"{seconds:.2f}"))
        checks.append(
            (f"{wrong:.0%} arbitrary: robust at least {bar}, in 2 s", robust >= bar and seconds <= 2)
        )

    lines += [
        "",
        "## How many answers until records fall",
        "",
        "n = 1,000. Foretold: the number of answers at",
    ]
    lines += ["which this share of the people is known with 95 %. Then as many answers are given, and"]
    lines += ["the share whose claim has 95 % is counted.", "", *head("c", "share", "answers", "found")]
    for c in (0.25, 0.5, 1.0):
        for known in KNOWN:
            noise = c * 1_000**0.5
            count = round(answers_until(1_000, noise=noise, known=known))
            claims = reached(BOX, 1_000, count, c, times=3)[3]
            found = (claims[0] >= 0.95).mean()
            lines.append(row(c, known, f"{count:,}", f"{found:.3f}"))
            told = share_known(box_deviation(1_000, count, noise=noise))
            checks.append(
                (f"c = {c}: {known:.0%} known after {count:,} answers, ± .03", abs(found - told) <= 0.03)
            )

    if not options.quick:
        lines += [
            "",
            "## Size",
            "",
            *head("n", "m", "attack", "bits right", "CPU seconds", "peak memory, GB"),
        ]
        sizes = ((BOX, 300, 1_500), (LinearProgram(), 300, 1_500), (BOX, 1_000, 5_000), (BOX, 10_000, 50_000))
        for attack, n, m in sizes:
            share, _, seconds, _ = reached(attack, n, m, 0.25, times=1)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            lines.append(
                row(f"{n:,}", f"{m:,}", attack.name, f"{share:.3f}", f"{seconds:.2f}", f"{memory:.2f}")
            )
        checks.append(("n = 10,000, m = 50,000: at most 80 s and 1 GB", seconds <= 80 and memory <= 1))

    lines += ["", *bars(checks), "", f"`python benchmarks/answers.py --write`, {machine()}, seeds from 0, "]
    lines[-1] += f"{time.perf_counter() - started:.0f} s."
    publish(lines, "answers", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
