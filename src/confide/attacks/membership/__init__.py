"""FLOOR 1: was this person's record in the training data? One file a paper.

Files that hold no attack hold what attacks are made of: `asking`, `sides`, `ranks`, `standins` (reference
models), `told` (supervised attacks), `inside`, `gradient_parts`, `attack_network` (layers and gradients, for
`nasr`), `autoencoder`, `spectral` (for `embedding`), `rest` (informed), `training_sums`, `linear_inverse`,
`strangers` (for `decoder`).
"""

from __future__ import annotations

from confide.attacks.membership.base_score import BASE
from confide.attacks.membership.blend import Blend
from confide.attacks.membership.calibrated import Calibrated
from confide.attacks.membership.calibrated_decoder import CalibratedDecoder
from confide.attacks.membership.decoder import Decoder
from confide.attacks.membership.default import Default, chosen
from confide.attacks.membership.embedding import Embedding
from confide.attacks.membership.entropy import Entropy
from confide.attacks.membership.gradient_norm import GradientNorm
from confide.attacks.membership.iha import IHA
from confide.attacks.membership.joint import Joint
from confide.attacks.membership.label_only import LabelOnlyVotes
from confide.attacks.membership.lira import LiRA
from confide.attacks.membership.loss import Loss
from confide.attacks.membership.nasr import Nasr, NasrOutputs
from confide.attacks.membership.population import Population
from confide.attacks.membership.quantile import Quantile
from confide.attacks.membership.reference import Reference
from confide.attacks.membership.residual import Residual
from confide.attacks.membership.rmia import RMIA
from confide.attacks.membership.shadow import Shadow
from confide.attacks.membership.student import StudentT
from confide.attacks.membership.supervised import Supervised, SupervisedGradients
from confide.core.errors import KnowledgeError

ALL = (
    Default,
    Loss,
    Entropy,
    Population,
    Reference,
    Shadow,
    Calibrated,
    LiRA,
    StudentT,
    RMIA,
    BASE,
    Blend,
    Quantile,
    LabelOnlyVotes,
    Decoder,
    CalibratedDecoder,
    Supervised,
    GradientNorm,
    SupervisedGradients,
    NasrOutputs,
    Nasr,
    Embedding,
    Joint,
    IHA,
    Residual,
)


def by_name(name: str) -> type:
    """The attack of this name.

    Raises:
        KnowledgeError: if there is none.

    >>> by_name("lira").__name__
    'LiRA'
    """
    names = {attack.name: attack for attack in ALL}
    if name not in names:
        raise KnowledgeError(f"there is no attack {name!r}: choose from {', '.join(names)}.")
    return names[name]


__all__ = [
    "ALL",
    "BASE",
    "IHA",
    "RMIA",
    "Blend",
    "Calibrated",
    "CalibratedDecoder",
    "Decoder",
    "Default",
    "Embedding",
    "Entropy",
    "GradientNorm",
    "Joint",
    "LabelOnlyVotes",
    "LiRA",
    "Loss",
    "Nasr",
    "NasrOutputs",
    "Population",
    "Quantile",
    "Reference",
    "Residual",
    "Shadow",
    "StudentT",
    "Supervised",
    "SupervisedGradients",
    "by_name",
    "chosen",
]
