"""Membership in a model's training data: was this person's record in it?

There are three games. `IndependentWorlds` trains a model in every world, with a fair coin for each target:
the reference experiment. `ModelPool` trains M models once and lets each be the target of its own world.
`TrainedModel` is the user's own model: one world, in which people were in or were not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from confide.core.access import BlackBox, LabelOnly
from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError, EvidenceError, KnowledgeError
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.models import Background, Informed, LeaveOneOutSums, References, SupervisedBackground
from confide.learners.learner import Learner
from confide.models.answers import Answers
from confide.models.memo import asked_once
from confide.views.records import Records

MembershipWorld = World[LabelOnly, Background, Records, Bools]


class Membership:
    """Base of the membership games: one record more or less, and the claim "this person is in"."""

    __slots__ = ()

    @property
    def unit(self) -> Unit:
        """One record more or less."""
        return Unit.record()

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """All True: the only claim is "this person is in", and the score says how sure it is."""
        return np.ones(len(guess.score), np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndependentWorlds(Membership):
    """Each world tosses a fair coin for each target, releases, and trains references on coins of its own.

    The adversary knows everything but the coins: the mechanism (Kerckhoffs), the targets, people like them.

    Args:
        mechanism: releases a model of the records whose coin fell heads.
        records: the people who may be targets.
        targets: the number of targets of a world, drawn from these each time; all of them by default.
        base: records that are in the training data of every world and of every reference.
        references: the number of models that the adversary trains, in pairs on opposite halves of the
            targets.
        population: people like the targets, in no training data.
        told: the share of the targets whose membership a supervised adversary knows.
        informed: whether the adversary knows, for each target, all other training records.
        classes: the number of classes; 1 in a regression; by default the largest label plus one.
    """

    mechanism: Mechanism[BlackBox]
    records: Records
    targets: int | None = None
    base: Records | None = None
    references: int = 0
    population: Records | None = None
    told: float = 0.0
    informed: bool = False
    classes: int | None = None

    @property
    def randomised(self) -> bool:
        """A fair, independent coin decides for each target."""
        return True

    def deal(self, world: int, *, rng: Rng) -> MembershipWorld:
        chosen, coins, reference_coins, training, telling = rng.spawn(5)
        n = len(self.records) if self.targets is None else self.targets
        ids = np.sort(chosen.permutation(len(self.records))[:n])
        targets = self.records.take(ids)
        member = coins.random(n) < 0.5
        release = self.mechanism(self._training_data(targets, member), rng=training)
        known = Background(
            population=self.population,
            references=self._references(targets, rng=reference_coins),
            classes=_classes(self.records) if self.classes is None else self.classes,
        )
        # The expected size, not the actual one: that would say how many targets are in.
        size = n // 2 + (0 if self.base is None else len(self.base))
        rest = LeaveOneOutSums(size, member, self.base) if self.informed else None
        case = Case(
            asked_once(release.view, (Answers([release.view], targets), 0)),
            _tell(known, member, self.told, rest, rng=telling),
            targets,
        )
        return World(case, member, member, ids, release.budget)

    def _training_data(self, targets: Records, member: Bools) -> Records:
        mine = targets.take(member)
        return mine if self.base is None else Records.concat([self.base, mine])

    def _references(self, targets: Records, *, rng: Rng) -> References | None:
        if not self.references:
            return None
        # Each half and its complement: every target is IN for half of the references.
        halves = [rng.random(len(targets)) < 0.5 for _ in range((self.references + 1) // 2)]
        included = np.stack([side for half in halves for side in (half, ~half)])[: self.references]
        models = [
            self.mechanism(self._training_data(targets, half), rng=child).view
            for half, child in zip(included, rng.spawn(self.references), strict=True)
        ]
        people = None if self.population is None else Answers(models, self.population)
        return References(Answers(models, targets), people, included, tuple(range(self.references)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelPool(Membership):
    """M models on random halves of the same people: in world i model i is the release, and others help.

    A world's references are never its own model, nor a model trained on the same or on the opposite half:
    membership in that half is the secret itself.

    Args:
        answers: the models' answers on the people.
        included: bool[M, n], who trained which model.
        on_population: their answers on people who trained none, or None.
        references: how many the adversary has, in whole pairs of opposite halves where there are such; all by
            default.
        learner: the recipe, as background knowledge.
        told: the share of the targets whose membership a supervised adversary knows.
        informed: whether the adversary knows, for each target, all other training records.
        classes: the number of classes; 1 in a regression; by default the largest label plus one.
    """

    answers: Answers
    included: Bools
    on_population: Answers | None = None
    references: int | None = None
    learner: Learner | None = None
    told: float = 0.0
    informed: bool = False
    classes: int | None = None

    def __post_init__(self) -> None:
        expected = (len(self.answers.models), len(self.answers.records))
        if self.included.shape != expected:
            raise DataError(
                f"included is {self.included.shape}, not {expected}: one row a model, one column a record."
            )

    @property
    def randomised(self) -> bool:
        """Halves of a fixed size are no independent coins: one record's draw says something of another's."""
        return False

    @property
    def worlds(self) -> int:
        """The number of worlds: one for each model."""
        return len(self.included)

    def deal(self, world: int, *, rng: Rng) -> MembershipWorld:
        if not 0 <= world < self.worlds:
            raise EvidenceError(
                f"world {world} of a pool of {self.worlds} models: play at most {self.worlds}."
            )
        choosing, telling = rng.spawn(2)
        which = _helpers(self.included, world, self.references, rng=choosing)
        people = self.on_population
        known = Background(
            population=None if people is None else people.records,
            references=References(self.answers, people, self.included[list(which)], which) if which else None,
            learner=self.learner,
            classes=_classes(self.answers.records) if self.classes is None else self.classes,
        )
        member = self.included[world]
        # The pool's answers are known already; the view looks them up instead of asking the model again.
        asked = [(answers, world) for answers in (self.answers, people) if answers is not None]
        view = asked_once(self.answers.models[world], *asked)
        rest = LeaveOneOutSums(round(self.included.sum(axis=1).mean()), member) if self.informed else None
        case = Case(view, _tell(known, member, self.told, rest, rng=telling), self.answers.records)
        return World(case, member, member)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedModel(Membership):
    """The user's own model, as it will be published: one world, each person in or out of it once.

    No coin decided exposure here, unless the owner tossed coins and says so. The hold-out must be
    exchangeable with the training data, which the blind attack checks.

    Args:
        view: the model as an outsider will see it.
        targets: members and non-members in an order that says nothing; `shuffled` makes one.
        member: bool[n], who trained the model.
        background: what the adversary knows; its references answer on `targets`, in this order.
        told: the share of the targets whose membership a supervised adversary knows.
        informed: whether the adversary knows, for each target, all other training records. They must be
            targets for that: if members are left out the sums do not balance, and the attack says so.
        randomised: whether a fair, independent coin decided who was in.
        ids: int64[n], the number of each target, where these are a sample of others; None for 0..n-1.
        sample_of: how many the sample was drawn from; 0 where it is none.
    """

    view: LabelOnly
    targets: Records
    member: Bools
    background: Background = field(default_factory=Background)
    told: float = 0.0
    informed: bool = False
    randomised: bool = False
    ids: Ints | None = None
    sample_of: int = 0
    _asked: LabelOnly = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.member.shape != (len(self.targets),):
            raise DataError(
                f"member is {self.member.shape} for {len(self.targets)} targets: give one truth each."
            )
        asked: list[tuple[Answers, int]] = []
        if isinstance(self.view, BlackBox):
            people = [self.targets, self.background.population]
            asked = [(Answers([self.view], records), 0) for records in people if records is not None]
        # A frozen record may still fill in what follows from its fields.
        object.__setattr__(self, "_asked", asked_once(self.view, *asked))

    def deal(self, world: int, *, rng: Rng) -> MembershipWorld:
        if world:
            raise EvidenceError(
                f"world {world} of one trained model: there is world 0 only, so play 1 world."
            )
        rest = LeaveOneOutSums(int(self.member.sum()), self.member) if self.informed else None
        known = _tell(self.background, self.member, self.told, rest, rng=rng)
        return World(Case(self._asked, known, self.targets), self.member, self.member, ids=self.ids)


def shuffled(members: Records, nonmembers: Records, *, rng: Rng) -> tuple[Records, Bools]:
    """Both groups in one random order, and who is a member: bool[n]."""
    everybody = Records.concat([members, nonmembers])
    order = rng.permutation(len(everybody))
    return everybody.take(order), order < len(members)


def _helpers(included: Bools, world: int, limit: int | None, *, rng: Rng) -> tuple[int, ...]:
    """The numbers of the models that may help against model `world`, in pairs of opposite halves."""
    own = included[world]
    free = [j for j in range(len(included)) if not ((included[j] == own).all() or (included[j] != own).all())]
    if limit is None:
        return tuple(free)
    # Two models are lost: the target itself and the one on its opposite half.
    if limit > len(free):
        raise KnowledgeError(
            f"{limit} references are asked for, but the pool leaves {len(free)} beside the target and its "
            f"complement: train {limit + 2} models, or ask for fewer."
        )
    # A model and the one on the opposite half see each target once on either side: they are taken together.
    halves = {included[j].tobytes(): j for j in free}
    opposite = {j: halves.get((~included[j]).tobytes()) for j in free}
    order: list[int] = []
    for j in rng.permutation(free).tolist():
        other = opposite[j]
        order += [m for m in (j, other) if m is not None and m not in order]
    return tuple(order[:limit])


def _tell(
    known: Background, member: Bools, share: float, rest: LeaveOneOutSums | None, *, rng: Rng
) -> Background:
    """The same knowledge, with the membership of a random share of the targets and each target's rest."""
    if not share and rest is None:
        return known
    told: Ints = np.sort(rng.permutation(len(member))[: round(share * len(member))])
    same = {f.name: getattr(known, f.name) for f in fields(Background)}
    if rest is None:
        return SupervisedBackground(**same, told=told, member=member[told])
    return Informed(**same, told=told, member=member[told], rest=rest)


def _classes(records: Records) -> int:
    return int(records.y.max()) + 1 if records.y.dtype.kind in "iu" else 1


__all__: Sequence[str] = ("IndependentWorlds", "Membership", "ModelPool", "TrainedModel", "shuffled")
