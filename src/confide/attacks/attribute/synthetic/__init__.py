"""Attribute inference from synthetic files; attacks on tables (`attacks/attribute/table`) play there too."""

from __future__ import annotations

from confide.attacks.attribute.synthetic.linear_reconstruction import LinearReconstruction

ALL = (LinearReconstruction,)

__all__ = ["ALL", "LinearReconstruction"]
