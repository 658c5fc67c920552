"""Nasr, Shokri, Houmansadr: Comprehensive Privacy Analysis of Deep Learning (2019), passive, federated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.membership.updates._side_by_side import SideBySide
from confide.attacks.membership.updates._steps import spread, steps_seen
from confide.attacks.membership.white_box.gradient_norm import COMPREHENSIVE
from confide.attacks.membership.white_box.nasr.attack import Nasr, judged
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.core.transcript import Seen
from confide.knowledge.updates import SupervisedUpdatesBackground
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class NasrPassive:
    """Passive attack network: learns from known members how the models of several rounds treat members.

    The adversary takes part as the protocol says. The paper's global one is the server, which sees the model
    that each client trained; its local one is a client, which sees the model of all. Which of the two this is
    follows from what the party saw. It knows the membership of some people, and trains the attack network of
    `nasr` on the outputs and gradients in the last of these models and the sizes of gradients in all of them.

    Score: the mean log-odds of several such networks. The known targets are left out.

    Args:
        rounds: the rounds to look at; none for `most_rounds` of those that were seen, spread evenly.
        most_rounds: how many rounds are then looked at; the paper takes five.
        networks: how many networks are trained and averaged.
        epochs: passes over the known targets, at most.
    """

    name: ClassVar[str] = "nasr-passive"
    title: ClassVar[str] = later("Do several rounds' models look as they do for people known to be members?")
    paper: ClassVar[Paper] = COMPREHENSIVE

    rounds: tuple[int, ...] = ()
    most_rounds: int = 5
    networks: int = 3
    epochs: int = 60

    def __call__(self, case: Case[Seen, SupervisedUpdatesBackground, Records], *, rng: Rng) -> Guess:
        steps = steps_seen(case.view, case.known.about, self.name, self.rounds)
        if not self.rounds:
            steps = spread(steps, self.most_rounds)
        models = [case.known.shown(step.start + step.change, self.name) for step in steps]
        inside = Case(SideBySide((models[-1],), tuple(models[:-1])), case.known, case.targets)
        settings = Nasr(networks=self.networks, epochs=self.epochs)
        return Guess(None, judged(inside, settings, self.name, rng=rng))
