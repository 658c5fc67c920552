"""Attribute inference from likes: what does a person's list of likes tell about a trait?"""

from __future__ import annotations

from confide.attacks.attribute.likes.svd import LikesSVD
from confide.attacks.attribute.likes.tfidf import LikesTfIdf

ALL = (LikesTfIdf, LikesSVD)

__all__ = ["ALL", "LikesSVD", "LikesTfIdf"]
