"""Zarifzadeh, Liu, Shokri: Low-Cost High-Power Membership Inference Attacks (ICML 2024)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from confide.attacks.membership.black_box._in_out import Mode, plays_online
from confide.attacks.membership.black_box._mean_likelihood import (
    FLOOR,
    UNTUNED,
    log_likelihood,
    log_mean,
    log_out,
)
from confide.attacks.membership.black_box._queries import signal_of
from confide.attacks.membership.black_box._ranks import share_at_most
from confide.attacks.membership.black_box._shadow_targets import best_on_shadow_targets, known_auc
from confide.core.access import BlackBox
from confide.core.arrays import Bools, Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background, References
from confide.models.signals import Tempered
from confide.views.records import Records

# The temperatures to choose from: above 1, because p itself rounds to 1 on memorised records.
TEMPERATURES = (1.5, 2.0, 3.0)
# The temperatures to choose from with a single reference.
ALONE = (1.25, *TEMPERATURES)
# The temperatures of one model's p that predict another model's p.
BASIS = (1.0, 2.0, 4.0, 8.0)
# Tuning uses this many shadow targets, and this many records of each.
SHADOW_TARGETS, RECORDS = 4, 5_000
# A regression of one model's p on another's needs this many records.
FEW = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class RMIA:
    """RMIA: the record's likelihood ratio under the release, against the population's ratios.

    The adversary estimates how likely a record is without the release, which needs a single reference model
    only, and divides. It does the same for the records of a population, and claims a target whose ratio beats
    nearly all of theirs. RMIA is the attack for one to three references. Where models memorise, so that p
    rounds to 1, LiRA's logit may say more with four references and above.

    With p = softmax(z / temperature)_y, p(x) = (mean p of IN + mean p of OUT) / 2. Where a side is missing,
    p_in is taken for a p_out + 1 - a. With one reference the release's p is regressed on the reference's p at
    several temperatures, separately for records that the reference was trained on and for others. All
    references that were not trained on a population record count for it. Score: the share of population
    records z with R_x / R_z >= gamma, R = p / p(x), in logarithms, by sort and search; ties in the order of
    R_x. Without a population the score is log R_x, which gives the same ranking.

    Tuning uses nobody's membership in the target: a few references, whose members are known, play the target
    and are attacked by the others, or by the release itself.

    Args:
        mode: use references on both sides ("online"), OUT only ("offline"), or decide by what there is
            ("auto").
        temperature: of the softmax; above 1 it keeps an upper tail where p itself rounds to 1. None tunes it
            among 1.5, 2 and 3, and also 1.25 if there is a single reference.
        gamma: the factor by which a population record must be beaten.
        a: the offline relation, in [0, 1]. None tunes it.
    """

    name: ClassVar[str] = "rmia"
    title: ClassVar[str] = later(
        "Does the release make this record likelier than it makes strangers' records?"
    )
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
        # Where every reference saw every target, `log_out` infers p_out from p_in.
        online = plays_online(self.mode, references, self.name) if some_out else False
        return Guess(None, self.score(Asked.of(case, references, Tempered(self.temperature)), online=online))

    def score(self, asked: Asked, *, online: bool) -> Floats:
        """The score of each target, float64[n], from all log p."""
        ratio, of_others = self._ratios(asked, online=online)
        if of_others is None:
            return ratio
        return share_at_most(ratio, of_others, margin=float(np.log(self.gamma)))

    def _tuned(self, case: Case[BlackBox, Background, Records], references: References, *, rng: Rng) -> RMIA:
        temperatures = ALONE if len(references) == 1 else TEMPERATURES
        choices = [replace(self, temperature=t) for t in temperatures]
        best = best_on_shadow_targets(choices, case, rng=rng)
        if best is not None:
            return best
        # One reference has no others to play it against, so the release itself is the comparison.
        release = _basis(lambda signal: signal_of(case.view, case.targets, signal)[None])
        judged = [judged_by_release(Asked.of(case, references, Tempered(t)), release) for t in temperatures]
        if not np.isfinite(judged).all():
            return replace(self, temperature=2.0)
        return choices[int(np.argmax(judged))]

    def _ratios(self, asked: Asked, *, online: bool) -> tuple[Floats, Floats | None]:
        """log R of the targets and of the population."""
        saw, saw_not = int(asked.included[0].sum()), int((~asked.included[0]).sum())
        if self.a is None and len(asked.included) == 1 and saw_not >= FEW and (saw >= FEW or not saw):
            targets, people = regressed(asked)
        else:
            a = self._relation(asked, online=online)
            inside = log_mean(asked.on_targets, asked.included) if online else None
            targets = log_likelihood(log_out(asked.on_targets, asked.included, a=a), inside, a=a)
            people = None
            if asked.on_population is not None:
                outside = log_out(asked.on_population, asked.population_included, a=a)
                people = log_likelihood(outside, None, a=a)
        if people is None or asked.view_on_population is None:
            return asked.view_on_targets - targets, None
        return asked.view_on_targets - targets, asked.view_on_population - people

    def _relation(self, asked: Asked, *, online: bool) -> float:
        if self.a is not None:
            return self.a
        return measured_relation(asked) if online else tuned_relation(asked)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """All log p: the view's and the references', on the targets [n] and on the population [z].

    Args:
        view_on_targets: of the release, float64[n].
        on_targets: of the references, float64[M, n].
        included: bool[M, n], who trained which reference.
        view_on_population: of the release, float64[z], or None.
        on_population: of the references, float64[M, z], or None.
        population_included: bool[M, z].
        basis: p of a single reference at the temperatures `BASIS`, float64[4, n]; None if there are more.
        basis_on_population: the same, float64[4, z].
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
        people = case.known.population if references.on_population is not None else None
        known = references.population_included
        z = 0 if people is None else len(people)
        alone = len(references) == 1
        return cls(
            signal_of(case.view, case.targets, signal),
            references.of_targets(signal),
            references.included,
            None if people is None else signal_of(case.view, people, signal),
            None if people is None else references.of_population(signal),
            np.zeros((len(references), z), np.bool_) if known is None else known,
            _basis(references.of_targets) if alone else None,
            _basis(references.of_population) if alone and people is not None else None,
        )


def _basis(of: Callable[[Tempered], Floats]) -> Floats:
    """The p of the first reference at the temperatures `BASIS`, [4, n]."""
    return np.exp(np.stack([of(Tempered(temperature))[0] for temperature in BASIS]))


def measured_relation(asked: Asked) -> float:
    """`a` by least squares in 1 - p_in = a (1 - p_out), where the references show both sides."""
    # 1 - p by expm1, which keeps its digits where p is near 1.
    out = -np.expm1(log_mean(asked.on_targets, ~asked.included))
    into = -np.expm1(log_mean(asked.on_targets, asked.included))
    both = np.isfinite(out) & np.isfinite(into)
    scale = float((out[both] ** 2).sum())
    return float(np.clip((into[both] * out[both]).sum() / scale, 0, 1)) if scale else UNTUNED


def tuned_relation(asked: Asked) -> float:
    """The `a` in 0, 0.1 ... 1 with the best AUC against references that play the target.

    Nobody's membership in the target is used. The adversary trained the references, so it knows their
    members, and the population is outside the target.
    """
    if len(asked.on_targets) < 2:
        return UNTUNED
    trials = [_trial(asked, j) for j in range(min(len(asked.on_targets), SHADOW_TARGETS))]
    grid = np.linspace(0, 1, 11)
    table = np.array(
        [
            [known_auc(view - log_likelihood(outside, None, a=a), member) for a in grid]
            for view, outside, member in trials
        ]
    )
    # A trial without members or without non-members has no AUC.
    usable = table[~np.isnan(table).any(axis=1)]
    return float(grid[usable.mean(axis=0).argmax()]) if len(usable) else UNTUNED


def _trial(asked: Asked, j: int) -> tuple[Floats, Floats, Bools]:
    """Reference j as the target: its log p, the log p of OUT models of the record, its membership.

    The other references judge, on targets and population records that at least one of them did not see.
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
    # Records have no order, so every k-th is a random sample.
    rows = rows[:: max(len(rows) // RECORDS, 1)]
    return view[rows], judged[rows], truth[rows]


def regressed(asked: Asked) -> tuple[Floats, Floats | None]:
    """log p(x) of targets and population: the release's mean p, given this p of the only reference.

    Half of the targets are in the release, whatever the reference saw, so the mean over them is p(x) itself.
    """
    own, seen = np.exp(asked.view_on_targets), asked.included[0]
    p = np.exp(asked.on_targets) if asked.basis is None else asked.basis
    people = asked.basis_on_population
    if people is None and asked.on_population is not None:
        people = np.exp(asked.on_population)
    targets = np.empty_like(own)
    plane = _plane(p[:, ~seen], own[~seen])
    targets[~seen] = plane(p[:, ~seen])
    if seen.any():
        targets[seen] = _plane(p[:, seen], own[seen])(p[:, seen])
    return targets, None if people is None else plane(people)


def judged_by_release(asked: Asked, release: Floats) -> float:
    """The mean AUC against a few references, if the release is the only model to compare them with.

    Membership in the release is unknown. So records that it saw and records that it did not are measured by
    one plane over its p at the temperatures `BASIS`, `release` [4, n].
    """
    own = asked.on_targets[:SHADOW_TARGETS]
    return float(
        np.mean(
            [
                known_auc(mine - _plane(release, np.exp(mine))(release), asked.included[j])
                for j, mine in enumerate(own)
            ]
        )
    )


def _plane(p: Floats, own: Floats) -> Callable[[Floats], Floats]:
    """The log of the least-squares plane of `own` [n] over `p` [f, n], kept above the floor."""
    usable = np.isfinite(p).all(axis=0) & np.isfinite(own)
    columns = np.column_stack([np.ones(usable.sum()), p[:, usable].T])
    # The columns are nearly collinear where p is near 0 or 1; small singular values are cut.
    weights = np.linalg.lstsq(columns, own[usable], rcond=1e-10)[0]
    return lambda x: np.log(np.maximum(weights[0] + weights[1:] @ x, np.exp(FLOOR)))
