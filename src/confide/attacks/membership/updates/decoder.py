"""Our own formulation; nearest: Haim, Vardi, Yehudai, Shamir, Irani: Reconstructing Training Data (2022)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.updates._side_by_side import SideBySide
from confide.attacks.membership.updates._steps import Step, spread, steps_seen
from confide.attacks.membership.white_box.decoder._known_nonmembers import known_nonmembers
from confide.attacks.membership.white_box.decoder._solution import Solution
from confide.attacks.membership.white_box.decoder.attack import Decoder
from confide.core.access import WhiteBox
from confide.core.arrays import Rng
from confide.core.diagnostics import Diagnostics
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.core.transcript import Seen
from confide.knowledge.updates import UpdatesBackground
from confide.views.records import Records

# Where gradients are taken, as a share of the way from the model that was sent to the one after the change.
# Clients that train for long end beyond the mean of all.
POINTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
# Candidates among whom it is chosen.
CHOOSING = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateDecoder:
    """Gradient decoder on updates: finds the records whose gradients a round's change is made of.

    What a client sends, and the sum of what many send, is a sum of its records' gradients, and the model that
    they were taken at was sent to everybody. So the adversary solves change = sum c_i g_i for the list of
    candidates, as `decoder` does for published weights: c_i is about the same size for all whose records were
    used, and about 0 for all others. Secure aggregation hides which client sent what. It does not hide the
    sum, and so it hides no record from this. Where the adversary sees the clients' own updates it takes
    those, and otherwise the step from one model to the next; of that it knows its own records' part.

    Several rounds are one larger system with the same c: what differs between them, as the records that are
    not on the list do, is told from what they share. Gradients are taken where on the way of each change, or
    beyond it, they explain most.

    Score: the decoder's log-likelihood ratio in that system.

    Args:
        rounds: the rounds to look at; none for `most_rounds` of those that were seen.
        most_rounds: how many rounds are then looked at, spread evenly from the first to the last.
        ridge: as in `decoder`.
        most: as in `decoder`.
    """

    name: ClassVar[str] = "update-decoder"
    title: ClassVar[str] = later("Is the record's gradient among those that a round's change is made of?")
    paper: ClassVar[Paper] = Decoder.paper

    rounds: tuple[int, ...] = ()
    most_rounds: int = 4
    ridge: float | None = None
    most: int = 8_000

    def __call__(self, case: Case[Seen, UpdatesBackground, Records], *, rng: Rng) -> Guess:
        steps = steps_seen(case.view, case.known.about, self.name, self.rounds)
        if not self.rounds:
            steps = spread(steps, self.most_rounds)
        drawing, solving = rng.spawn(2)
        known = known_nonmembers(case, rng=drawing)
        solution = self.solved(steps, case.known, _with_own(case, steps), known, rng=solving)
        score = solution.scores()[: len(case.targets)]
        return Guess(None, score, self._said(steps, solution, values=case.known.classes < 2))

    def solved(
        self,
        steps: Sequence[Step],
        known: UpdatesBackground,
        people: Records,
        nobody: Records | None,
        *,
        rng: Rng,
    ) -> Solution:
        """The decoder's solution, with gradients taken where they explain each step best."""
        choosing, solving, *drawing = rng.spawn(2 + len(steps))
        # Where gradients are taken makes a difference to all candidates, so that some are enough to choose.
        some = people.take(np.sort(choosing.permutation(len(people))[:CHOOSING]))
        points = [
            self._point(step, known, some, rng=child) for step, child in zip(steps, drawing, strict=True)
        ]
        return self._decoder.solve(self._view(steps, points, known), people, nobody, rng=solving)

    def _point(self, step: Step, known: UpdatesBackground, people: Records, *, rng: Rng) -> float:
        """How far on the way of this step the gradients of these people explain most of it."""
        explained = [
            self._decoder.solve(self._view([step], [point], known), people, None, rng=rng).explained
            for point in POINTS
        ]
        return POINTS[int(np.argmax(explained))]

    def _view(self, steps: Sequence[Step], points: Sequence[float], known: UpdatesBackground) -> WhiteBox:
        """Models that seem to have made these steps from a point on the way of each."""
        here = [step.start + point * step.change for step, point in zip(steps, points, strict=True)]
        before = tuple(known.shown(start, self.name) for start in here)
        after = tuple(
            known.shown(start + step.change, self.name) for start, step in zip(here, steps, strict=True)
        )
        return SideBySide(after, (SideBySide(before),))

    @property
    def _decoder(self) -> Decoder:
        # What made the change is known, so that no other temperature than that of training is tried.
        return Decoder(target="update", ridge=self.ridge, most=self.most, temperature=1.0)

    def _said(self, steps: Sequence[Step], solution: Solution, *, values: bool) -> Diagnostics:
        card = self._decoder.diagnostics(solution, values=values)
        rounds = ", ".join(str(step.round) for step in steps)
        if clients := {name for step in steps for name in step.clients}:
            seen = keep(
                "It looked at the updates of clients ({n:d}; rounds: {rounds}).",
                n=len(clients),
                rounds=rounds,
            )
        else:
            seen = keep("It looked at the change of the model alone (rounds: {rounds}).", rounds=rounds)
        return Diagnostics((seen, *card.remarks), card.conclusive, card.curves)


def _with_own(case: Case[Seen, UpdatesBackground, Records], steps: Sequence[Step]) -> Records:
    """The targets, and after them the adversary's own records where those are part of the sums too."""
    own = [] if any(step.clients for step in steps) else case.view.inputs.values()
    x = case.targets.x
    mine = [
        Records(one["x"], one["y"])
        for one in own
        if isinstance(x, np.ndarray) and "x" in one and one["x"].shape[1:] == x.shape[1:] and len(one["x"])
    ]
    return Records.concat([case.targets, *mine])
