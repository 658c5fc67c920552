"""FLOOR 1: what do a person's likes tell of him? One file a paper.

`asking` holds what the attacks share: who the targets are, and the answer to each claim.
"""

from __future__ import annotations

from confide.attacks.attribute.likes.svd import LikesSVD
from confide.attacks.attribute.likes.tfidf import LikesTfIdf
from confide.core.errors import KnowledgeError

ALL = (LikesTfIdf, LikesSVD)


def by_name(name: str) -> type:
    """The attack of this name.

    Raises:
        KnowledgeError: if there is none.

    >>> by_name("likes-svd").__name__
    'LikesSVD'
    """
    names = {attack.name: attack for attack in ALL}
    if name not in names:
        raise KnowledgeError(f"there is no attack {name!r} on likes: choose from {', '.join(names)}.")
    return names[name]


__all__ = ["ALL", "LikesSVD", "LikesTfIdf", "by_name"]
