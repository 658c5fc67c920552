"""Zarifzadeh, Liu, Shokri: Low-Cost High-Power Membership Inference Attacks (ICML 2024)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from confide.attacks.membership.black_box._in_out import Mode, plays_online
from confide.attacks.membership.black_box._queries import signal_of
from confide.attacks.membership.black_box._ranks import auc, share_at_most
from confide.attacks.membership.black_box._shadow_targets import best_on_stand_ins
from confide.core.access import BlackBox
from confide.core.arrays import Bools, Floats, Rng
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background, References
from confide.models.signals import Tempered
from confide.views.records import Records

FLOOR = np.log(1e-12)
UNTUNED = 0.3
"""The paper's value of `a` for CIFAR-10, taken where it can neither be tuned nor divided by."""
TEMPERATURES = (1.5, 2.0, 3.0)
ALONE = (1.25, *TEMPERATURES)
"""The temperatures to choose from with one reference."""
BASIS = (1.0, 2.0, 4.0, 8.0)
"""The temperatures of one model's p that predict another's."""
STAND_INS, RECORDS, FEW = 4, 5_000, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class RMIA:
    """Is this record likelier under the release than under other models, more so than strangers' records?

    Even with a single reference model the adversary can say how likely a record is without the release,
    and divide. He does the same for strangers (the population), and claims a target whose ratio beats
    nearly all of theirs. This is the attack for one to three references; where models learn by heart, so
    that p rounds to 1, LiRA's logit may say more as soon as there are four.

    With p = softmax(z / temperature)_y, p(x) = (mean p of IN + mean p of OUT) / 2. Lacking a side he uses
    that p_in is about a p_out + 1 - a; with one reference he regresses the release's p on the reference's at
    several temperatures, apart for records it was trained on and others, which says the same from his own
    observation. Every reference that did not train on a stranger counts for him, none is picked. Score:
    the share of strangers z with R_x / R_z >= gamma, R = p / p(x), in logs and by sort and search; ties
    in the order of R_x. Without a population, log R_x, which ranks alike.

    Nobody's membership in the target is used to tune: a few references stand in for the target (their
    members are known to who trained them) and are attacked by the others, or by the release itself.

    Args:
        mode: use references on both sides ("online"), OUT only ("offline"), or decide by what there is.
        temperature: of the softmax; above 1 it keeps an upper tail where p itself rounds to 1. None tunes
            it among 1.5, 2 and 3, and 1.25 if there is a single reference.
        gamma: how much a stranger must be beaten by.
        a: the offline relation, in [0, 1]. None tunes it.
    """

    name: ClassVar[str] = "rmia"
    title: ClassVar[str] = "Does the release make this record likelier than it makes strangers' records?"
    paper: ClassVar[Paper] = Paper(
        authors="Sajjad Zarifzadeh and Philippe Liu and Reza Shokri",
        title="Low-Cost High-Power Membership Inference Attacks",
        venue="International Conference on Machine Learning (ICML)",
        year=2024,
        url="https://arxiv.org/abs/2312.03262",
    )

    mode: Mode = "auto"
    temperature: float | None = None
    gamma: float = 1.0
    a: float | None = None

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        references = case.known.need_references(self.name)
        if self.temperature is None:
            return self._tuned(case, references, rng=rng)(case, rng=rng)
        some_out = bool((~references.included).any())
        online = plays_online(self.mode, references, self.name) if some_out else False
        return Guess(None, self.score(Asked.of(case, references, Tempered(self.temperature)), online=online))

    def score(self, asked: Asked, *, online: bool) -> Floats:
        """The score of each target, float64[n], from everybody's log p."""
        ratio, of_strangers = self._ratios(asked, online=online)
        if of_strangers is None:
            return ratio
        return share_at_most(ratio, of_strangers, margin=float(np.log(self.gamma)))

    def _tuned(self, case: Case[BlackBox, Background, Records], references: References, *, rng: Rng) -> RMIA:
        temperatures = ALONE if len(references) == 1 else TEMPERATURES
        choices = [replace(self, temperature=t) for t in temperatures]
        best = best_on_stand_ins(choices, case, rng=rng)
        if best is not None:
            return best
        release = _basis(lambda signal: signal_of(case.view, case.targets, signal)[None])
        judged = [judged_by_release(Asked.of(case, references, Tempered(t)), release) for t in temperatures]
        return (
            choices[int(np.argmax(judged))] if np.isfinite(judged).all() else replace(self, temperature=2.0)
        )

    def _ratios(self, asked: Asked, *, online: bool) -> tuple[Floats, Floats | None]:
        """log R of the targets and of the strangers."""
        saw, saw_not = int(asked.included[0].sum()), int((~asked.included[0]).sum())
        if self.a is None and len(asked.included) == 1 and saw_not >= FEW and (saw >= FEW or not saw):
            targets, strangers = regressed(asked)
        else:
            a = self._relation(asked, online=online)
            inside = log_mean(asked.on_targets, asked.included) if online else None
            targets = log_likelihood(log_out(asked.on_targets, asked.included, a=a), inside, a=a)
            strangers = None
            if asked.on_population is not None:
                outside = log_out(asked.on_population, asked.population_included, a=a)
                strangers = log_likelihood(outside, None, a=a)
        if strangers is None or asked.view_on_population is None:
            return asked.view_on_targets - targets, None
        return asked.view_on_targets - targets, asked.view_on_population - strangers

    def _relation(self, asked: Asked, *, online: bool) -> float:
        if self.a is not None:
            return self.a
        return measured_relation(asked) if online else tuned_relation(asked)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Everybody's log p: the view's and the references', on targets [n] and on the population [z].

    `basis` and `basis_on_population` are the p of a single reference at the temperatures `BASIS`, [4, n] and
    [4, z]; None if there are more.
    """

    view_on_targets: Floats
    on_targets: Floats
    included: Bools
    view_on_population: Floats | None
    on_population: Floats | None
    population_included: Bools
    basis: Floats | None = None
    basis_on_population: Floats | None = None

    @classmethod
    def of(cls, case: Case[BlackBox, Background, Records], references: References, signal: Tempered) -> Asked:
        strangers = case.known.population if references.on_population is not None else None
        known = references.population_included
        z = 0 if strangers is None else len(strangers)
        alone = len(references) == 1
        return cls(
            signal_of(case.view, case.targets, signal),
            references.of_targets(signal),
            references.included,
            None if strangers is None else signal_of(case.view, strangers, signal),
            None if strangers is None else references.of_population(signal),
            np.zeros((len(references), z), np.bool_) if known is None else known,
            _basis(references.of_targets) if alone else None,
            _basis(references.of_population) if alone and strangers is not None else None,
        )


def _basis(of: Callable[[Tempered], Floats]) -> Floats:
    """The p of the first reference at the temperatures `BASIS`, [4, n]."""
    return np.exp(np.stack([of(Tempered(temperature))[0] for temperature in BASIS]))


def log_mean(log_p: Floats, here: Bools) -> Floats:
    """log of the mean of exp(log_p) [M, n] over the models `here` [M, n]; NaN where there is none."""
    held = np.where(here & ~np.isnan(log_p), log_p, -np.inf)
    top = np.maximum(held.max(axis=0), -1e300)  # all -inf: no models, or p = 0 for each
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(
            here.any(axis=0), top + np.log(np.exp(held - top).sum(axis=0) / here.sum(axis=0)), np.nan
        )


def log_out(log_p: Floats, included: Bools, *, a: float) -> Floats:
    """log p(x) among models that did not see x; where all saw it, from p_in = a p_out + 1 - a."""
    outside = log_mean(log_p, ~included)
    if not np.isnan(outside).any():
        return outside
    divisor = a or UNTUNED
    with np.errstate(divide="ignore", invalid="ignore"):
        inverted = np.log(np.maximum((np.exp(log_mean(log_p, included)) + divisor - 1) / divisor, 0.0))
    return np.where(np.isnan(outside), inverted, outside)


def log_likelihood(outside: Floats, inside: Floats | None, *, a: float) -> Floats:
    """log p(x) = log((p_in + p_out) / 2), with p_in = a p_out + 1 - a where `inside` does not know it."""
    with np.errstate(divide="ignore"):
        assumed = np.logaddexp(np.log(a) + outside, np.log(1 - a))
    known = assumed if inside is None else np.where(np.isnan(inside), assumed, inside)
    return np.maximum(np.logaddexp(known, outside) - np.log(2), FLOOR)


def measured_relation(asked: Asked) -> float:
    """`a` by least squares in 1 - p_in = a (1 - p_out), where the references show both sides."""
    out = -np.expm1(log_mean(asked.on_targets, ~asked.included))
    into = -np.expm1(log_mean(asked.on_targets, asked.included))
    both = np.isfinite(out) & np.isfinite(into)
    scale = float((out[both] ** 2).sum())
    return float(np.clip((into[both] * out[both]).sum() / scale, 0, 1)) if scale else UNTUNED


def tuned_relation(asked: Asked) -> float:
    """The `a` in 0, 0.1 ... 1 with the best AUC against references that stand in for the target.

    Nobody's membership in the target is used: a stand-in's members are known to whoever trained it, and the
    population is outside of the target.
    """
    if len(asked.on_targets) < 2:
        return UNTUNED
    trials = [_trial(asked, j) for j in range(min(len(asked.on_targets), STAND_INS))]
    grid = np.linspace(0, 1, 11)
    table = np.array(
        [
            [auc(view - log_likelihood(outside, None, a=a), member) for a in grid]
            for view, outside, member in trials
        ]
    )
    usable = table[~np.isnan(table).any(axis=1)]
    return float(grid[usable.mean(axis=0).argmax()]) if len(usable) else UNTUNED


def _trial(asked: Asked, j: int) -> tuple[Floats, Floats, Bools]:
    """Reference j as the target: its log p, the log p of models outside of the record, its membership.

    The other references judge, on targets and strangers that at least one of them did not see.
    """
    others = np.arange(len(asked.on_targets)) != j
    own, member = [asked.on_targets[j]], [asked.included[j]]
    outside = [log_mean(asked.on_targets[others], ~asked.included[others])]
    if asked.on_population is not None:
        own.append(asked.on_population[j])
        member.append(asked.population_included[j])
        outside.append(log_mean(asked.on_population[others], ~asked.population_included[others]))
    judged, view, truth = np.concatenate(outside), np.concatenate(own), np.concatenate(member)
    rows = np.flatnonzero(~np.isnan(judged))
    rows = rows[:: max(len(rows) // RECORDS, 1)]
    return view[rows], judged[rows], truth[rows]


def regressed(asked: Asked) -> tuple[Floats, Floats | None]:
    """log p(x) of targets and strangers, as the release's mean p at this p of the only reference.

    Half of the targets are in the release, whatever the reference saw: the mean over them is p(x) itself.
    """
    own, seen = np.exp(asked.view_on_targets), asked.included[0]
    p = np.exp(asked.on_targets) if asked.basis is None else asked.basis
    strangers = asked.basis_on_population
    if strangers is None and asked.on_population is not None:
        strangers = np.exp(asked.on_population)
    targets = np.empty_like(own)
    plane = _plane(p[:, ~seen], own[~seen])
    targets[~seen] = plane(p[:, ~seen])
    if seen.any():
        targets[seen] = _plane(p[:, seen], own[seen])(p[:, seen])
    return targets, None if strangers is None else plane(strangers)


def judged_by_release(asked: Asked, release: Floats) -> float:
    """The mean AUC against a few references, if the release is the only model to compare them with.

    Its own membership is unknown: records it saw and records it did not are measured by one plane over its
    p at the temperatures `BASIS`, `release` [4, n].
    """
    own = asked.on_targets[:STAND_INS]
    return float(
        np.mean(
            [
                auc(mine - _plane(release, np.exp(mine))(release), asked.included[j])
                for j, mine in enumerate(own)
            ]
        )
    )


def _plane(p: Floats, own: Floats) -> Callable[[Floats], Floats]:
    """The log of the least-squares plane of `own` [n] over `p` [f, n], kept above the floor."""
    usable = np.isfinite(p).all(axis=0) & np.isfinite(own)
    columns = np.column_stack([np.ones(usable.sum()), p[:, usable].T])
    weights = np.linalg.lstsq(columns, own[usable], rcond=1e-10)[0]
    return lambda x: np.log(np.maximum(weights[0] + weights[1:] @ x, np.exp(FLOOR)))
