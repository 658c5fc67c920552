"""Attacks that tell which canaries were in a private training."""

from __future__ import annotations

from confide.attacks.membership.training.canary_loss import CanaryLoss
from confide.attacks.membership.training.step_likelihood import StepLikelihood, StepSpread

GRADIENTS = (StepLikelihood, StepSpread)
MODEL = (CanaryLoss,)
ALL = (*GRADIENTS, *MODEL)
