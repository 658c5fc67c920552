"""Background knowledge for attacks on models: records of other people, and reference models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.learners.learner import Learner
from confide.models.answers import Answers
from confide.models.signals import Signal
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """Reference models, and which targets each was trained on.

    Args:
        on_targets: the models' answers on the n targets.
        on_population: their answers on the population, or None. No population record trained the target
            model; `population_included` says which references it trained.
        included: bool[M, n]: was target i among the training records of reference j?
        which: the models of `on_targets` that are references here (a pool's target is none of its own).
        population_included: bool[M, z], or None if no reference was trained on any of it.
    """

    on_targets: Answers
    on_population: Answers | None
    included: Bools
    which: tuple[int, ...]
    population_included: Bools | None = None

    def __len__(self) -> int:
        return len(self.which)

    def of_targets(self, signal: Signal) -> Floats:
        """The signal of each reference on each target: float64[M, n]."""
        return self.on_targets.signal(signal, self.which)

    def insides(self, attack: str) -> list[WhiteBox]:
        """The M reference models themselves, as white boxes.

        Raises:
            KnowledgeError: if one of them shows no inside.
        """
        models = [self.on_targets.models[j] for j in self.which]
        inside = [model for model in models if isinstance(model, WhiteBox)]
        if len(inside) < len(models):
            raise KnowledgeError(
                keep(
                    "{attack} looks into the reference models, and {n:d} of {all:d} show no inside: let "
                    "`train` return torch modules.",
                    attack=attack,
                    n=len(models) - len(inside),
                    all=len(models),
                )
            )
        return inside

    def of_population(self, signal: Signal) -> Floats:
        """The signal of each reference on each population record: float64[M, z].

        Raises:
            KnowledgeError: if there is no population.
        """
        if self.on_population is None:
            raise KnowledgeError(keep("there is no population: give `population`, records like the targets."))
        return self.on_population.signal(signal, self.which)


@dataclass(frozen=True, slots=True)
class Background:
    """The adversary's background knowledge in a membership game against a model.

    Args:
        population: records from the targets' distribution, none of which trained the target model.
        references: reference models that the adversary trained.
        learner: the recipe of the target model (Kerckhoffs), for training more.
        classes: the number of classes; 1 in a regression.
    """

    population: Records | None = None
    references: References | None = None
    learner: Learner | None = None
    classes: int = 2

    def need_references(self, attack: str, *, at_least: int = 1) -> References:
        """The references, or an error that says how many the attack needs.

        Raises:
            KnowledgeError: if there are fewer than `at_least`.
        """
        have = 0 if self.references is None else len(self.references)
        if self.references is None or have < at_least:
            values = {"attack": attack, "have": have, "ask": max(at_least, 4)}
            if at_least == 1:
                lacking = keep(
                    "{attack} needs at least 1 reference model and has {have:d}: ask for more "
                    "(`--references {ask:d}`), and a way to train them (`--train`).",
                    **values,
                )
            else:
                lacking = keep(
                    "{attack} needs at least {n:d} reference models and has {have:d}: ask for more "
                    "(`--references {ask:d}`), and a way to train them (`--train`).",
                    n=at_least,
                    **values,
                )
            raise KnowledgeError(lacking)
        return self.references

    def need_population(self, attack: str) -> Records:
        """The population, or an error that asks for one.

        Raises:
            KnowledgeError: if there is none.
        """
        if self.population is None or not len(self.population):
            raise KnowledgeError(
                keep("{attack} needs a population: give records like the targets.", attack=attack)
            )
        return self.population


@dataclass(frozen=True, slots=True)
class SupervisedBackground(Background):
    """Background of a *supervised* adversary, who knows the membership of some targets.

    Only attacks that name this type see it. They score the other targets only, and give NaN for these.

    Args:
        told: the positions of these targets, int64[t].
        member: their membership, bool[t].
    """

    told_in_words: ClassVar[str] = later(
        "of half of the people whether they were in the data, and is judged on the others alone"
    )
    told: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    member: Bools = field(default_factory=lambda: np.empty(0, np.bool_))


@dataclass(frozen=True, slots=True, eq=False)
class LeaveOneOutSums:
    """Sums over all other training records, one for each target: what the informed adversary can compute.

    This is the adversary of differential privacy's own definition: it knows every training record except one
    target. There is one such adversary for each target, and the referee computes the sums for all of them.
    Comparing the sums across targets would give the answer away, because the rest of a member is one record
    shorter than the rest of a non-member. So there is a rule: *the score of a target uses that target's row
    and no other row*. For the same reason the rest is not counted (and a total of ones would be a count).

    Args:
        size: about how many records train such a model; public, and the same whatever the coins said.
        base: training records that are no targets, which every adversary knows; None if there are none.
    """

    size: int
    # Kept out of sight: printing the background must not print the secret.
    _member: Bools = field(repr=False)
    base: Records | None = None

    def total(self, values: Floats, base: Floats | None = None) -> Floats:
        """For each target the sum of the values of its rest.

        Args:
            values: of the targets, float64[n, ...].
            base: of the base records, float64[b, ...].

        Returns:
            float64[n, ...].

        Raises:
            KnowledgeError: if there are base records and their values are missing.
        """
        # The sum over all members, minus the target's own part if it is one.
        inside = np.where(self._member.reshape(-1, *[1] * (values.ndim - 1)), values, 0.0)
        return inside.sum(axis=0) + self._of_base(base, values.shape[1:]) - inside

    def products(self, gram: Floats) -> tuple[Floats, Floats]:
        """For each target, with R the sum of its rest's vectors and v its own: <R, v> and <R, R>.

        Args:
            gram: inner products of the vectors of all targets and then all base records, float64[n+b, n+b].

        Returns:
            float64[n] each.

        Raises:
            KnowledgeError: if the base records are missing from the Gram matrix.
        """
        n = len(self._member)
        # Base records count as members in every world.
        everybody = np.concatenate([self._member, np.ones(self._many_base, np.bool_)])
        if len(gram) != len(everybody):
            raise KnowledgeError(_BASE.format(have=len(gram) - n, need=self._many_base))
        own = np.diagonal(gram)[:n] * self._member
        with_all = gram[:n] @ everybody
        whole = everybody @ (gram @ everybody)
        return with_all - own, whole - self._member * (2 * with_all - own)

    @property
    def _many_base(self) -> int:
        return 0 if self.base is None else len(self.base)

    def _of_base(self, base: Floats | None, shape: tuple[int, ...]) -> Floats:
        have = 0 if base is None else len(base)
        if have != self._many_base:
            raise KnowledgeError(_BASE.format(have=have, need=self._many_base))
        return np.zeros(shape) if base is None else base.sum(axis=0)


_BASE = "values of {have} base records are given and there are {need}: give one for each of `rest.base`."


@dataclass(frozen=True, slots=True)
class Informed(SupervisedBackground):
    """Background of an *informed* adversary, who knows for each target all other training records.

    Only attacks that name this type use it.

    Args:
        rest: the sums over the other records.
    """

    told_in_words: ClassVar[str] = later("for each person all other records that trained the model")
    rest: LeaveOneOutSums = field(default_factory=lambda: LeaveOneOutSums(0, np.empty(0, np.bool_)))
