"""Membership inference from a model's inside: parameters, layers and gradients.

`Supervised` needs answers only. It stands here because it learns from known members as its neighbours do.
"""

from __future__ import annotations

from confide.attacks.membership.white_box.decoder.attack import Decoder
from confide.attacks.membership.white_box.decoder.calibrated import CalibratedDecoder
from confide.attacks.membership.white_box.embedding.attack import Embedding
from confide.attacks.membership.white_box.gradient_likelihood import GradientLikelihood
from confide.attacks.membership.white_box.gradient_norm import GradientNorm
from confide.attacks.membership.white_box.informed.iha import IHA
from confide.attacks.membership.white_box.informed.residual import Residual
from confide.attacks.membership.white_box.joint import Joint
from confide.attacks.membership.white_box.nasr.attack import Nasr, NasrOutputs
from confide.attacks.membership.white_box.supervised import Supervised, SupervisedGradients

ALL = (
    Decoder,
    CalibratedDecoder,
    Supervised,
    GradientNorm,
    SupervisedGradients,
    NasrOutputs,
    Nasr,
    Embedding,
    Joint,
    GradientLikelihood,
    IHA,
    Residual,
)

__all__ = [
    "ALL",
    "IHA",
    "CalibratedDecoder",
    "Decoder",
    "Embedding",
    "GradientLikelihood",
    "GradientNorm",
    "Joint",
    "Nasr",
    "NasrOutputs",
    "Residual",
    "Supervised",
    "SupervisedGradients",
]
