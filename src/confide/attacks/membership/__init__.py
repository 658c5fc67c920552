"""FLOOR 1: was this person's record in the training data? One file a paper.

Files that hold no attack hold what attacks are made of: `asking`, `sides`, `ranks`, `standins` (reference
models), `told` (supervised attacks), `inside`, `gradient_parts`, `attack_network` (layers and gradients, for
`nasr`), `autoencoder`, `spectral` (for `embedding`), `rest` (informed), `training_sums`, `linear_inverse`,
`strangers` (for `decoder`).
"""

from __future__ import annotations

from confide.attacks.membership.black_box.base_score import BASE
from confide.attacks.membership.black_box.blend import Blend
from confide.attacks.membership.black_box.calibrated import Calibrated
from confide.attacks.membership.black_box.default import Default, chosen
from confide.attacks.membership.black_box.entropy import Entropy
from confide.attacks.membership.black_box.label_only import LabelOnlyVotes
from confide.attacks.membership.black_box.lira import LiRA
from confide.attacks.membership.black_box.loss import Loss
from confide.attacks.membership.black_box.population import Population
from confide.attacks.membership.black_box.quantile import Quantile
from confide.attacks.membership.black_box.reference import Reference
from confide.attacks.membership.black_box.rmia import RMIA
from confide.attacks.membership.black_box.shadow import Shadow
from confide.attacks.membership.black_box.student import StudentT
from confide.attacks.membership.white_box.decoder.attack import Decoder
from confide.attacks.membership.white_box.decoder.calibrated import CalibratedDecoder
from confide.attacks.membership.white_box.embedding.attack import Embedding
from confide.attacks.membership.white_box.gradient_norm import GradientNorm
from confide.attacks.membership.white_box.informed.iha import IHA
from confide.attacks.membership.white_box.informed.residual import Residual
from confide.attacks.membership.white_box.joint import Joint
from confide.attacks.membership.white_box.nasr.attack import Nasr, NasrOutputs
from confide.attacks.membership.white_box.supervised import Supervised, SupervisedGradients
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
