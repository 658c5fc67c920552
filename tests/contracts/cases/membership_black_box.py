"""Cases: attacks on the answers of a model."""

from __future__ import annotations

from tests.contracts.cases.models import case

from confide.attacks.membership import (
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
)

CASES = (
    case(Default()),
    case(Loss()),
    case(Entropy(), classes=True),
    case(Entropy(per_class=False), classes=True),
    case(Population(), population=True),
    case(Population(per_class=True), population=True, classes=True),
    case(Reference(), references=True),
    case(Shadow(), references=True, classes=True),
    case(Shadow(vector="raw"), references=True, classes=True),
    case(Calibrated(), references=True),
    case(LiRA(), references=True),
    case(LiRA(variance="per_target"), references=True),
    case(LiRA(mode="offline"), references=True),
    case(StudentT(), references=True),
    case(StudentT(mode="offline"), references=True),
    case(RMIA(), references=True),
    case(RMIA(mode="offline"), references=True),
    case(BASE(), references=True),
    case(BASE(mode="offline"), references=True),
    case(Blend(), references=True),
    case(Quantile(), population=True),
    case(Quantile(head="pinball"), population=True),
    case(LabelOnlyVotes(queries=8), classes=True),
)
