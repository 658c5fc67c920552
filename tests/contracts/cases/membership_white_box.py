"""Cases: attacks on the parameters, gradients and layers of a model."""

from __future__ import annotations

from tests.contracts.cases.models import case

from confide.attacks.membership import (
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

CASES = (
    case(Decoder(), size=0.4),
    case(CalibratedDecoder(), references=True, size=0.2),
    case(Supervised(), told=True),
    case(GradientNorm()),
    case(SupervisedGradients(), told=True),
    case(NasrOutputs(networks=1, epochs=10), told=True, size=0.25),
    case(Nasr(networks=1, epochs=10), told=True, size=0.25),
    case(Embedding(), size=0.5),
    case(Joint(), references=True),
    case(Joint(law="student", together=True), references=True),
    case(GradientLikelihood()),
    case(IHA(), informed=True, size=0.5),
    case(Residual(), informed=True, size=0.5),
)
