"""Ye, Maddi, Murakonda, Bindschaedler, Shokri: Enhanced Membership Inference Attacks (CCS 2022), attack R."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.black_box._in_out import plays_online
from confide.attacks.membership.black_box._queries import signal_of
from confide.attacks.membership.black_box._ranks import interpolated_rank
from confide.attacks.membership.black_box.population import ENHANCED
from confide.core.access import BlackBox
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.models.signals import log_probability
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Reference attack (attack R): claims records that this model predicts better than OUT models do.

    The adversary trains reference models without the target and ranks the target model's loss among theirs,
    on the same record. So hard and easy records are each compared with themselves. With m such models the
    score says little below a false-positive rate of 1/m, because all targets that beat every model are tied.

    Score: the share of those models with a larger loss, linear between them. Targets that all references were
    trained on are left out.
    """

    name: ClassVar[str] = "reference"
    title: ClassVar[str] = later("Does this model know the record better than models that never saw it?")
    paper: ClassVar[Paper] = ENHANCED

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        references = case.known.need_references(self.name)
        # Refuses references that were all trained on every target.
        plays_online("offline", references, self.name)
        values = references.of_targets(log_probability)
        # Only OUT models count.
        outside = np.where(references.included | ~np.isfinite(values), np.nan, values)
        return Guess(None, interpolated_rank(signal_of(case.view, case.targets, log_probability), outside))
