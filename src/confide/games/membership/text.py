"""Membership of canaries in the text that trained a language model: which secrets did it read?"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError, EvidenceError
from confide.core.language import later
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.text import TextKnowledge
from confide.views.text import Canaries, Likelihoods, Template

CanaryWorld: TypeAlias = World[Likelihoods, TextKnowledge, Canaries, Bools]


class _CanaryGame:
    """What both games have in common: one text more or less, and the claim "this canary was in"."""

    @property
    def unit(self) -> Unit:
        """One text more or less."""
        return Unit.record()

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """All True: the only claim is "this canary was in", and the score says how sure it is."""
        return np.ones(len(guess.score), np.bool_)


@dataclass(frozen=True, kw_only=True, eq=False)
class CanariesInText(_CanaryGame):
    """Each world draws secrets for some templates, and a fair coin each says which canaries are trained on.

    Args:
        mechanism: texts -> a language model.
        templates: of the canaries.
        each: how many canaries of each template are asked about in a world.
        times: how often a canary that is in stands in the training text.
        candidates: as in `TextKnowledge`.

    Raises:
        DataError: if a template has too few possible secrets.
    """

    mechanism: Mechanism[Likelihoods]
    templates: tuple[Template, ...]
    each: int = 1
    times: int = 1
    candidates: int = 20_000

    def __post_init__(self) -> None:
        for template in self.templates:
            if template.size < 2 * self.each:
                raise DataError(
                    f"{self.each} canaries of a template with {template.size} possible secrets: leave more "
                    "of the secret open, or draw fewer."
                )

    @property
    def randomised(self) -> bool:
        """A fair, independent coin decides for each canary."""
        return True

    def deal(self, world: int, *, rng: Rng) -> CanaryWorld:
        """Draw the secrets, toss the coins, and train."""
        drawing, coins, training = rng.spawn(3)
        secrets = [secret for t in self.templates for secret in t.draw(self.each, rng=drawing)]
        which = np.repeat(np.arange(len(self.templates)), self.each)
        member = coins.random(len(secrets)) < 0.5
        texts = [self.templates[which[i]].text(secrets[i]) for i in np.flatnonzero(member)]
        release = self.mechanism(tuple(texts) * self.times, rng=training)
        case = Case(
            release.view,
            TextKnowledge(candidates=self.candidates),
            Canaries(self.templates, which, tuple(secrets)),
        )
        return World(case, member, member, promise=release.budget)


@dataclass(frozen=True, kw_only=True, eq=False)
class ReleasedText(_CanaryGame):
    """The user's own language model, with canaries that it was trained on; others are drawn beside them.

    The controls have the same templates: if the secrets of the canaries were drawn at random, nothing but the
    training tells the two apart. One world, and no coin: which canaries were in was decided before.

    Args:
        view: the model.
        templates, which, secrets: the canaries that were in, as in `Canaries`, each once.
        controls: how many canaries of the same templates are drawn, at least one for each; fewer where a
            space has no more.
        candidates: as in `TextKnowledge`.

    Raises:
        DataError: if a template has no secret left that was not in.
    """

    view: Likelihoods
    templates: tuple[Template, ...]
    which: Ints
    secrets: tuple[str, ...]
    controls: int = 1_000
    candidates: int = 20_000

    def __post_init__(self) -> None:
        for number, template in enumerate(self.templates):
            listed = int((self.which == number).sum())
            if template.size <= listed:
                raise DataError(
                    f"all {template.size} secrets that a canary could have are listed: none is left to "
                    "compare with. Leave more of the secret open."
                )

    @property
    def randomised(self) -> bool:
        """Nobody tossed a coin about what trained a model that exists."""
        return False

    @property
    def no_coin(self) -> str:
        """Why no coin was tossed, for the report."""
        return later("which canaries were trained on was decided before the audit")

    def deal(self, world: int, *, rng: Rng) -> CanaryWorld:
        """Draw the controls, and shuffle all canaries; those that were in have the first numbers."""
        if world:
            raise EvidenceError(f"world {world} of one released model: there is world 0 only.")
        drawing, mixing = rng.spawn(2)
        which, secrets = list(self.which), list(self.secrets)
        each = max(1, ceil(self.controls / len(secrets)))
        for number, template in enumerate(self.templates):
            listed = frozenset(s for w, s in zip(self.which, self.secrets, strict=True) if w == number)
            drawn = template.draw(each * len(listed), rng=drawing, without=listed)
            which += [number] * len(drawn)
            secrets += drawn
        order = mixing.permutation(len(secrets))
        member = order < len(self.secrets)
        asked = Canaries(self.templates, np.asarray(which)[order], tuple(secrets[i] for i in order))
        case = Case(self.view, TextKnowledge(candidates=self.candidates), asked)
        return World(case, member, member, order)
