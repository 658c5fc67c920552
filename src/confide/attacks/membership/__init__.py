"""Membership inference: is this person's record in the data behind a release?

`MODEL` holds the attacks on a trained model, with black-box or white-box access; `ALL` adds those on counts.
"""

from __future__ import annotations

from confide.attacks.membership import black_box, counts, white_box
from confide.attacks.membership.black_box import (
    BASE,
    RMIA,
    Blend,
    Calibrated,
    Default,
    Entropy,
    LabelOnlyVotes,
    LiRA,
    Loss,
    Population,
    Quantile,
    Reference,
    Shadow,
    StudentT,
    chosen,
    rivals_of,
)
from confide.attacks.membership.counts import InnerProduct, KnockKnock
from confide.attacks.membership.white_box import (
    IHA,
    CalibratedDecoder,
    Decoder,
    Embedding,
    GradientLikelihood,
    GradientNorm,
    Joint,
    Nasr,
    NasrOutputs,
    Residual,
    Supervised,
    SupervisedGradients,
)

MODEL = (*black_box.ALL, *white_box.ALL)
ALL = (*MODEL, *counts.ALL)

__all__ = [
    "ALL",
    "BASE",
    "IHA",
    "MODEL",
    "RMIA",
    "Blend",
    "Calibrated",
    "CalibratedDecoder",
    "Decoder",
    "Default",
    "Embedding",
    "Entropy",
    "GradientLikelihood",
    "GradientNorm",
    "InnerProduct",
    "Joint",
    "KnockKnock",
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
    "chosen",
    "rivals_of",
]
