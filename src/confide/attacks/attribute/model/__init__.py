"""Attribute inference from a model: what is the one feature that is not known of a person?"""

from __future__ import annotations

from confide.attacks.attribute.model.attribute_inversion import AttributeInversion
from confide.attacks.attribute.model.imputation import Imputation

ALL = (AttributeInversion, Imputation)

__all__ = ["ALL", "AttributeInversion", "Imputation"]
