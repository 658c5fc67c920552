"""Our own formulation; nearest: Haim, Vardi, Yehudai, Shamir, Irani: Reconstructing Training Data (2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.updates._states import WithStates
from confide.attacks.membership.updates._steps import Step, spread, steps_seen
from confide.attacks.membership.white_box.decoder._known_nonmembers import known_nonmembers
from confide.attacks.membership.white_box.decoder._solution import Solution
from confide.attacks.membership.white_box.decoder.attack import Decoder
from confide.core.access import WhiteBox
from confide.core.arrays import Floats, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.core.transcript import Seen
from confide.knowledge.updates import UpdatesBackground
from confide.views.records import Records

# Where gradients are taken, as a share of the way from the model that was sent to the one after the change.
# Clients that train for long end beyond the mean of all.
POINTS = (0.0, 0.5, 1.0, 2.0)
# Candidates among whom it is chosen.
CHOOSING = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateDecoder:
    """Gradient decoder on updates: finds the records whose gradients a round's change is made of.

    What a client sends, and the sum of what many send, is a sum of its records' gradients, and the model that
    they were taken at was sent to everybody. So the adversary solves change = sum c_i g_i for the list of
    candidates, as `decoder` does for published weights: c_i is about the same size for all whose records were
    used, and about 0 for all others. Secure aggregation hides which client sent what. It does not hide the
    sum, and so it hides no record from this. Where the adversary sees the clients' own updates it takes
    those, and otherwise the step from one model to the next; of that it knows its own records' part.

    Score: the mean over rounds of the decoder's log-likelihood ratio, each in units of its root mean square
    and weighted by the share of the change that the candidates' gradients explain. Gradients are taken where
    on the way of the change, or beyond it, they explain most.

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
        drawing, *solving = rng.spawn(1 + len(steps))
        known = known_nonmembers(case, rng=drawing)
        solutions = [
            self.solved(step, case.known, _with_own(case, step), known, rng=child)
            for step, child in zip(steps, solving, strict=True)
        ]
        weights = np.array([max(one.explained, 1e-6) for one in solutions])
        scores = np.stack([_scaled(one)[: len(case.targets)] for one in solutions])
        score = (weights[:, None] * scores).sum(axis=0) / weights.sum()
        return Guess(None, score, self._said(steps, solutions, values=case.known.classes < 2))

    def solved(
        self, step: Step, known: UpdatesBackground, people: Records, nobody: Records | None, *, rng: Rng
    ) -> Solution:
        """The decoder's solution for one step, with gradients taken where they explain it best."""
        choosing, drawing, solving = rng.spawn(3)
        views = [_view_at(point, step, known, self.name) for point in POINTS]
        # Where gradients are taken makes a difference to all candidates, so that some are enough to choose.
        some = people.take(np.sort(choosing.permutation(len(people))[:CHOOSING]))
        tried = [self._decoder.solve(view, some, None, rng=drawing) for view in views]
        best = int(np.argmax([one.explained for one in tried]))
        # With no more candidates and nobody known the same would be solved again.
        if len(people) <= CHOOSING and nobody is None:
            return tried[best]
        return self._decoder.solve(views[best], people, nobody, rng=solving)

    @property
    def _decoder(self) -> Decoder:
        # What made the change is known, so that no other temperature than that of training is tried.
        return Decoder(target="update", ridge=self.ridge, most=self.most, temperature=1.0)

    def _said(self, steps: list[Step], solutions: list[Solution], *, values: bool) -> Diagnostics:
        best = max(range(len(steps)), key=lambda k: solutions[k].explained)
        card = self._decoder.diagnostics(solutions[best], values=values)
        whose = steps[best].clients
        if whose:
            seen = keep(
                "Round {round:d}, in which it saw the updates of clients ({n:d}).",
                round=steps[best].round,
                n=len(whose),
            )
        else:
            seen = keep(
                "Round {round:d}, in which it saw the change of the model alone.", round=steps[best].round
            )
        return Diagnostics((seen, *card.remarks), card.conclusive, card.curves)


def _with_own(case: Case[Seen, UpdatesBackground, Records], step: Step) -> Records:
    """The targets, and after them the adversary's own records where those are part of the sum too."""
    own = [] if step.clients else case.view.inputs.values()
    x = case.targets.x
    mine = [
        Records(one["x"], one["y"])
        for one in own
        if isinstance(x, np.ndarray) and "x" in one and one["x"].shape[1:] == x.shape[1:] and len(one["x"])
    ]
    return Records.concat([case.targets, *mine])


def _view_at(point: float, step: Step, known: UpdatesBackground, attack: str) -> WhiteBox:
    """A model that seems to have made this step from a point on its way: the decoder looks there."""
    here = step.start + point * step.change
    return WithStates(known.shown(here + step.change, attack), (known.shown(here, attack),))


def _scaled(solution: Solution) -> Floats:
    scores = solution.scores()
    size = float(np.sqrt(np.nanmean(scores**2))) if np.isfinite(scores).any() else 0.0
    return scores / size if size > 0 else scores
