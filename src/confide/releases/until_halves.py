"""Attacks on one half of the people, so that what is chosen there can be judged on the other half."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from confide.attacks.attribute import table as attribute
from confide.attacks.linkage import table as linking
from confide.audits.table import games
from confide.audits.table.exhibits import RATES as FALSE_MATCHES
from confide.audits.table.making import idle
from confide.core.arrays import Ints, Rng
from confide.core.errors import DataError, KnowledgeError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.nouns import AnyAttack, Mechanism
from confide.core.play import play
from confide.games.attribute.table import TableInference
from confide.games.linkage.table import TableLinkage, TableWorld
from confide.measure.identification import at_false_match_rate, rank_one
from confide.measure.paired_rates import paired_difference
from confide.releases.until_rates import INFERENCE, LINKAGE, SURELY_LINKED
from confide.utility.table.range_losses import LEAVES, losses
from confide.views.table import Table
from confide.views.table_people import all_rows_of, one_row_each

FEWEST = 40
"""At least this many people of each half are asked about: 5 % of fewer than 20 absent people is nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What the best attack on one release reaches.

    Args:
        rate: of each thing that is limited, by name, with its interval.
        attack: by name, which attack that was.
        people: how many were asked about; each of them in the release and out of it.
    """

    rate: dict[str, Estimate]
    attack: dict[str, str]
    people: int

    def kept(self, limits: Mapping[str, float]) -> bool:
        """Whether every rate and its interval stay below the limit; a rate that nobody measured does not."""
        return all(name in self.rate and self.rate[name].high <= most for name, most in limits.items())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Half:
    """One half of the people, and two rounds: each person asked about is in the release in just one of them.

    So everybody is asked about both ways, and the difference is one between the same people.

    Args:
        linkage: the game of each round.
        worlds: of each game, on the unprotected table.
        inference: the game on the secret of each round; empty without one.
        seed: of all releases and attacks. They meet the same luck, and differ by what was done alone.
    """

    linkage: tuple[TableLinkage, ...]
    worlds: tuple[TableWorld, ...]
    inference: tuple[TableInference, ...]
    seed: int

    @classmethod
    def of(cls, game: TableLinkage, people: Ints, *, secret: str, rng: Rng) -> Half:
        """Deal both rounds.

        Args:
            game: of linkage, on the table as it is.
            people: who is asked about, each by one of their rows.
            secret: the column to be inferred, or "".
            rng: for who is held out first, for the facts, and for what attacks draw.
        """
        tossing, dealing, playing = rng.spawn(3)
        first = tossing.permutation(len(people)) < len(people) // 2
        found: list[TableLinkage] = []
        for out in (first, ~first):
            absent = np.zeros(len(game.records), np.bool_) if game.absent is None else game.absent.copy()
            absent |= all_rows_of(game.records, people[out])
            found.append(replace(game, targets=people, parts=1, coin=False, absent=absent))
        told = tuple(games.inference(one, secret) for one in found) if secret else ()
        worlds = tuple(
            one.deal(0, rng=child) for one, child in zip(found, dealing.spawn(len(found)), strict=True)
        )
        return cls(linkage=tuple(found), worlds=worlds, inference=told, seed=int(playing.integers(2**62)))

    def released(self, mechanism: Mechanism[Table], which: int) -> Table:
        """The release of one round."""
        rng = np.random.default_rng([self.seed, which])
        return mechanism(self.worlds[which].source, rng=rng).view

    def loss(self, views: Sequence[Table], known: Sequence[str]) -> float:
        """The generalisation loss of the known columns in the first rounds that are given, their mean."""
        found = [
            losses(w.source.only(known), view.only(known))[LEAVES]
            for w, view in zip(self.worlds, views, strict=False)
        ]
        return float(np.mean([x.value if isinstance(x, Estimate) else x for x in found]))

    def played(
        self,
        views: Sequence[Table],
        mechanism: Mechanism[Table],
        limits: Mapping[str, float],
        attacks: Sequence[AnyAttack],
        *,
        confidence: float,
        first: Sequence[str] = (),
    ) -> Reached:
        """What the best attack reaches on this release, for each thing that is limited.

        Args:
            views: the release of each round.
            mechanism: that made it, which the adversary knows.
            limits: rates by name.
            attacks: that may be played.
            confidence: of each interval, all attacks together.
            first: names of attacks. If they break a rate the others are not played. Without them all are.
        """
        none = idle(attacks, mechanism)
        attacks = [attack for attack in attacks if attack not in none]
        links = [a for a in attacks if not isinstance(a, (*linking.SINGLING, *attribute.ALL))]
        tells = [a for a in attacks if isinstance(a, attribute.ALL)] if INFERENCE in limits else []
        links = links if {SURELY_LINKED, LINKAGE} & set(limits) else []
        each = 1 - (1 - confidence) / max(len(links), len(tells), 1)
        found: dict[str, list[tuple[Estimate, str]]] = {name: [] for name in limits}
        for attack in sorted((*links, *tells), key=lambda a: a.name not in first):
            if (
                first
                and attack.name not in first
                and not all(rate.high <= limits[name] for name, rates in found.items() for rate, _ in rates)
            ):
                break
            infers = attack in tells
            try:
                e = self._evidence(attack, views, mechanism, infers=infers)
            except KnowledgeError:  # it needs to know something that this adversary does not
                continue
            for name, rate in _rates(e, infers=infers, confidence=each):
                if name in found:
                    found[name].append((rate, e.attack))
        lacking = next((name for name, rates in found.items() if not rates and not first), None)
        if lacking is not None:
            raise DataError(
                f"no attack was played that says anything about {lacking}: leave out --attacks, or name one "
                "that does."
            )
        best = {name: max(rates, key=lambda one: one[0].high) for name, rates in found.items() if rates}
        return Reached(
            rate={name: rate for name, (rate, _) in best.items()},
            attack={name: attack for name, (_, attack) in best.items()},
            people=len(self.linkage[0].targets),
        )

    def _evidence(
        self, attack: AnyAttack, views: Sequence[Table], mechanism: Mechanism[Table], *, infers: bool
    ) -> Evidence:
        games_ = self.inference if infers else self.linkage
        worlds = [self._world(i, view, mechanism, infers=infers) for i, view in enumerate(views)]
        rng = np.random.default_rng(self.seed)
        return play(games_[0], attack, worlds=worlds, rng=rng, across_units=True)

    def _world(self, i: int, view: Table, mechanism: Mechanism[Table], *, infers: bool) -> TableWorld:
        """A round with another release: who is in it, and what is known, stay the same."""
        raw = self.worlds[i]
        known = replace(raw.case.known, mechanism=self.linkage[i].made_by or mechanism)
        secrets = raw.secrets
        if infers:
            game = self.inference[i]
            known = replace(known, secret=game.secret)
            secrets = game.records.low[game.targets, game.records.at(game.secret)].astype(np.int64)
        return replace(raw, case=replace(raw.case, view=view.published, known=known), secrets=secrets)


def halves(game: TableLinkage, *, secret: str, asked: int, rng: Rng, name: str) -> tuple[Half, Half]:
    """Two halves of the people, and as many of each as are asked about.

    Args:
        asked: about how many people of each half; fewer in a small table, so that the release stays complete.
        name: of the table, for the message.

    Raises:
        DataError: if there are too few people.
    """
    choosing, one, other = rng.spawn(3)
    here = np.arange(len(game.records)) if game.absent is None else np.flatnonzero(~game.absent)
    order = one_row_each(game.records, here, rng=choosing)
    # Of those asked about half are held out in a round: at most a quarter of all.
    most = min(asked, int(games.HELD_OUT * 2 * len(order)))
    if most < FEWEST:
        raise DataError(
            f"{name} has {len(order)} people, and --until asks one half of them and judges on the other: "
            f"give {2 * FEWEST} or more."
        )
    half = len(order) // 2
    first, second = order[:half][:most], order[half:][:most]
    return (
        Half.of(game, first, secret=secret, rng=one),
        Half.of(game, second, secret=secret, rng=other),
    )


def _rates(evidence: Evidence, *, infers: bool, confidence: float) -> list[tuple[str, Estimate]]:
    """What one attack reached, by the names of rates."""
    if infers:
        return [(INFERENCE, difference(evidence, confidence=confidence))]
    at = at_false_match_rate(evidence, rate=FALSE_MATCHES[0], confidence=confidence)
    fits = rank_one(evidence, confidence=confidence)
    return [*([] if at is None else [(SURELY_LINKED, at.right)]), (LINKAGE, fits)]


def difference(evidence: Evidence, *, confidence: float) -> Estimate:
    """The share of secrets that are right about the same people in the release, minus that out of it."""
    table, here = evidence.table.select("target", "hit"), evidence.exposed
    # By target: an attack may have left somebody out of one round.
    both = table.filter(here).join(table.filter(~here), on="target", suffix="_out")
    return paired_difference(both["hit"].to_numpy(), both["hit_out"].to_numpy(), confidence=confidence)
