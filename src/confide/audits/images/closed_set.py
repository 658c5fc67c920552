"""The closed set: everybody in the pictures is a candidate, as in the literature's top-1 and top-5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np

from confide.attacks.linkage.images import ClearTrained, Recogniser, SmallCNN
from confide.audits.release import AuditedRelease
from confide.core.arrays import Floats, Ints
from confide.core.cache import Cache
from confide.core.errors import KnowledgeError
from confide.core.estimate import Estimate
from confide.core.keys import key_of_value
from confide.core.language import later
from confide.core.nouns import World
from confide.core.version import VERSION
from confide.knowledge.images import Gallery
from confide.measure.pictures import among_first, clustered_rate
from confide.report import Skipped
from confide.views.images import Pictures

CLOSED = 1
"""The place of the closed game among those that are played on a release."""

Entrant: TypeAlias = tuple[str, str]
"""A model, and what it learned from."""

ENTRANTS: Mapping[Entrant, Recogniser | SmallCNN | ClearTrained] = {
    ("linear", "obscured pictures"): Recogniser(model="linear"),
    ("linear", "clear pictures"): ClearTrained(model="linear"),
    ("kernel", "obscured pictures"): Recogniser(),
    ("kernel", "clear pictures"): ClearTrained(),
    ("small network", "obscured pictures"): SmallCNN(),
}
WORDS: Mapping[Entrant, str] = {
    ("linear", "obscured pictures"): later("linear, learned from obscured pictures"),
    ("linear", "clear pictures"): later("linear, learned from clear pictures"),
    ("kernel", "obscured pictures"): later("kernel, learned from obscured pictures"),
    ("kernel", "clear pictures"): later("kernel, learned from clear pictures"),
    ("small network", "obscured pictures"): later("small network, learned from obscured pictures"),
}
"""What the report calls them."""
RETRAINED, CLEAR = ("kernel", "obscured pictures"), ("kernel", "clear pictures")
NETWORK = ("small network", "obscured pictures")


@dataclass(eq=False)
class ClosedSet:
    """One release with everybody in the gallery; each entrant is trained when it is first asked for.

    Args:
        release: whose game number `CLOSED` is the closed one.
        network: whether the small network takes part.
    """

    release: AuditedRelease
    network: bool
    _scores: dict[Entrant, Floats | None] = field(default_factory=dict)
    _skipped: list[Skipped] = field(default_factory=list)

    @property
    def world(self) -> World[Pictures, Gallery, Ints, Ints]:
        """The released pictures, the gallery, and who is in each picture."""
        (world,) = self.release.dealt(CLOSED)
        return world

    @property
    def asked(self) -> Ints:
        """int64[n], the positions of the released pictures among all."""
        assert self.world.ids is not None
        return self.world.ids

    @property
    def scores(self) -> Mapping[Entrant, Floats]:
        """Of each entrant that can run, float64[n, people]."""
        found = {e: self._of(e) for e in ENTRANTS if self.network or e != NETWORK}
        return {e: scores for e, scores in found.items() if scores is not None}

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Entrants that cannot run, with the reasons."""
        _ = self.scores
        return tuple(self._skipped)

    def rate(self, entrant: Entrant, *, k: int, confidence: float = 0.95) -> Estimate:
        """How often the right name is among the first k."""
        scores, truth = self._of(entrant), self.world.secrets
        assert scores is not None, f"{entrant} cannot run here"
        return clustered_rate(among_first(scores, truth, k=k), truth, confidence=confidence)

    def _of(self, entrant: Entrant) -> Floats | None:
        if entrant not in self._scores:
            attack = ENTRANTS[entrant]
            try:
                self._scores[entrant] = _kept_scores(self.release, attack)
            except KnowledgeError as why:
                self._skipped.append(Skipped.because(f"{attack.name} (closed set)", why))
                self._scores[entrant] = None
        return self._scores[entrant]


def _kept_scores(release: AuditedRelease, attack: Recogniser | SmallCNN | ClearTrained) -> Floats:
    """The scores, kept as an array file: training takes long, and an interrupted audit goes on."""
    settings, game = release.settings, release.games[CLOSED].game
    shelf = Cache(settings.folder, settings.say)
    key = key_of_value("closed set", VERSION, game, attack, settings.seed)
    found = shelf.find(key)
    if found is not None:
        with found.open("rb") as file:
            return np.load(file, allow_pickle=False)
    (world,) = release.dealt(CLOSED)
    scores = attack.scores(world.case, rng=settings.rng("closed set"))

    def write(draft: Path) -> None:
        with draft.open("wb") as file:
            np.save(file, scores, allow_pickle=False)

    shelf.keep(key, write)
    return scores
