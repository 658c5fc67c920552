"""A row of the case table: an attack, the games on which it is held to its contract, and how they are judged.

The suite (`test_contract.py`) knows no goal and no kind. What differs between them is the judge, which knows
how an adversary scores by chance (`ByScore`, `ByHits`), and the games of each room (`cases/`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from scipy.stats import binom

from confide.core.evidence import Evidence
from confide.core.play import play


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


@dataclass(frozen=True)
class Sitting:
    """A game, made when it is needed, and how many of its worlds are played."""

    game: Callable[[], Any]
    worlds: int

    def play(self, attack: Any, *, times: int = 1, **how: Any) -> Evidence:
        return play(self.game(), attack, worlds=times * self.worlds, rng=rng(), **how)


@dataclass(frozen=True)
class DealtOnce:
    """A game whose worlds are dealt once for several attacks, which all play with the same seed."""

    game: Any
    _worlds: dict[int, Any] = field(default_factory=dict, repr=False)

    @property
    def unit(self) -> Any:
        return self.game.unit

    @property
    def randomised(self) -> bool:
        return self.game.randomised

    def deal(self, world: int, *, rng: np.random.Generator) -> Any:
        if world not in self._worlds:
            self._worlds[world] = self.game.deal(world, rng=rng)
        return self._worlds[world]

    def hits(self, guess: Any, secrets: Any) -> Any:
        return self.game.hits(guess, secrets)


class Judge(Protocol):
    """Says what an adversary without knowledge would reach, and what this one reached."""

    def assert_chance(self, evidence: Evidence) -> None: ...

    def assert_above_chance(self, evidence: Evidence) -> None: ...

    def reached(self, evidence: Evidence) -> float: ...


@dataclass(frozen=True)
class ByScore:
    """Judges by the AUC of the scores, for claims that are all of one kind.

    Args:
        at: what is reached is the true positive rate at this false positive rate; by default the AUC.
        errors: how many standard errors of the AUC (Mann and Whitney) are still chance. 3.5 fails by chance
            once in 2,000 runs, 4.5 once in 140,000.
        independent: the rows that count as independent, where several belong to one person; all by default.
        baseline: the AUC of claims that the population alone makes: 1/2 where there is no prior.
        rates: false positive rates at which the true positive rate must be chance too, within four standard
            errors: of the share of the exposed, and of the threshold that the controls set.
    """

    at: float | None = None
    errors: float = 3.5
    independent: int | None = None
    baseline: Callable[[Evidence], float] = lambda evidence: 0.5
    rates: tuple[float, ...] = ()

    def error(self, evidence: Evidence) -> float:
        rows = self.independent or len(evidence)
        one = evidence.exposed.mean() * rows
        return self.errors * float(np.sqrt((rows + 1) / (12 * one * (rows - one))))

    def assert_chance(self, evidence: Evidence) -> None:
        assert abs(naive_auc(evidence) - self.baseline(evidence)) < self.error(evidence)
        one = evidence.exposed.sum()
        for rate in self.rates:
            assert naive_tpr(evidence, rate) < rate + 4 * np.sqrt(rate / one + rate / (len(evidence) - one))

    def assert_above_chance(self, evidence: Evidence) -> None:
        assert naive_auc(evidence) > self.baseline(evidence) + self.error(evidence)

    def reached(self, evidence: Evidence) -> float:
        return naive_auc(evidence) if self.at is None else naive_tpr(evidence, self.at)


@dataclass(frozen=True)
class ByHits:
    """Judges by the share of right names, for claims that name one of several candidates.

    Args:
        among: how many candidates there are at least: chance is 1 / among.
        once_in: by chance a right name is this rare: the tail of the binomial distribution.
    """

    among: int
    once_in: float = 1e6

    def most(self, tried: int) -> float:
        return float(binom.ppf(1 - 1 / self.once_in, tried, 1 / self.among))

    def assert_chance(self, evidence: Evidence) -> None:
        right = evidence.table.filter("exposed")["hit"]
        assert right.sum() <= self.most(len(right))

    def assert_above_chance(self, evidence: Evidence) -> None:
        right = evidence.table.filter("exposed")["hit"]
        assert right.sum() > self.most(len(right))

    def reached(self, evidence: Evidence) -> float:
        return float(evidence.table.filter("exposed")["hit"].mean())


@dataclass(frozen=True)
class Lacks:
    """A game in which the attack cannot work, and the sentence that says why.

    Args:
        game: made when it is needed.
        says: a regular expression that the message of the `KnowledgeError` matches.
    """

    game: Callable[[], Any]
    says: str


@dataclass(frozen=True, kw_only=True)
class AttackCase:
    """One attack under contract.

    Args:
        attack: the adversary, with its settings.
        silent: a release that says nothing (the first anchor).
        naked: a release that says everything (the second anchor).
        reaches: what the judge must find at the second anchor.
        leaky: a release that says something, for the null test; the second anchor by default.
        null: evidence of the same attack about secrets that are not the targets' own.
        small: a game that is quickly played, for the comparison of maps.
        judge: how evidence is read.
        lacks: games without something that the attack needs.
        told: the share of targets whose secret the adversary knows; they get no score.
        knows: how a game deals knowledge to this attack, for tests of this room alone.
        extra: a package that is slow to play with; it is played in the slow tests, where it is installed.
        label: tells two settings of an attack apart where the settings themselves are too long.
    """

    attack: Any
    silent: Sitting
    naked: Sitting
    reaches: float
    null: Callable[[Any, Evidence], Evidence]
    small: Sitting
    judge: Judge
    leaky: Sitting | None = None
    lacks: tuple[Lacks, ...] = ()
    told: float = 0.0
    knows: Mapping[str, Any] = field(default_factory=dict)
    extra: str = ""
    label: str = ""

    @property
    def id(self) -> str:
        usual = settings(type(self.attack)())
        changed = {k: v for k, v in settings(self.attack).items() if v != usual[k]}
        label = self.label or ",".join(f"{name}={value}" for name, value in changed.items())
        return f"{self.attack.name}-{label}" if label else self.attack.name


def settings(attack: Any) -> dict[str, Any]:
    return {one.name: getattr(attack, one.name) for one in dataclasses.fields(attack)}


def naive_auc(evidence: Evidence) -> float:
    """By counting pairs, in blocks."""
    yes = evidence.claims[evidence.exposed]
    no = evidence.claims[~evidence.exposed]
    return float(np.mean([(y > no).mean() + (y == no).mean() / 2 for y in yes]))


def naive_tpr(evidence: Evidence, fpr: float) -> float:
    """By the rule: the threshold is the control score of rank floor(fpr * controls), and ties do not pass."""
    no = sorted(evidence.claims[~evidence.exposed], reverse=True)
    assert int(fpr * len(no)) > 0, "too few controls"
    return float((evidence.claims[evidence.exposed] > no[int(fpr * len(no))]).mean())


def permuted_exposure(attack: Any, evidence: Evidence) -> Evidence:
    """The same scores, judged on exposure that is not the targets' own."""
    fake = rng(1).permutation(evidence.table["exposed"].to_numpy())
    return dataclasses.replace(evidence, table=evidence.table.with_columns(exposed=fake))


@dataclass(frozen=True)
class OfOthers:
    """A game whose secrets of those in the release are dealt to each other at random."""

    game: Any

    @property
    def unit(self) -> Any:
        return self.game.unit

    @property
    def randomised(self) -> bool:
        return self.game.randomised

    def deal(self, world: int, *, rng: np.random.Generator) -> Any:
        dealt = self.game.deal(world, rng=rng)
        secrets = dealt.secrets.copy()
        secrets[dealt.exposed] = np.random.default_rng(1).permutation(dealt.secrets[dealt.exposed])
        return dataclasses.replace(dealt, secrets=secrets)

    def hits(self, guess: Any, secrets: Any) -> Any:
        return self.game.hits(guess, secrets)


def of_permuted_rows(game: Callable[[], Any], worlds: int) -> Callable[[Any, Evidence], Evidence]:
    """The null of linkage: the same guesses, held against rows that belong to other people."""
    return lambda attack, evidence: Sitting(lambda: OfOthers(game()), worlds).play(attack)
