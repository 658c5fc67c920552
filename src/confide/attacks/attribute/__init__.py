"""Attribute inference: what does a release tell about a trait of a person?"""

from __future__ import annotations

from confide.attacks.attribute import likes
from confide.attacks.attribute.likes import LikesSVD, LikesTfIdf

ALL = likes.ALL

__all__ = ["ALL", "LikesSVD", "LikesTfIdf"]
