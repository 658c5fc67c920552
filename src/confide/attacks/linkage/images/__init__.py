"""FLOOR 1: who is in this obscured picture? One file an attack.

`faces` (crops, mirrors, and what a model sees of a picture) and `models` (linear and kernel) hold no attack.
"""

from __future__ import annotations

from confide.attacks.linkage.images.clear_trained import ClearTrained
from confide.attacks.linkage.images.recogniser import Recogniser
from confide.attacks.linkage.images.small_cnn import SmallCNN
from confide.core.errors import KnowledgeError

ALL = (Recogniser, SmallCNN, ClearTrained)


def by_name(name: str) -> type:
    """The attack of this name.

    Raises:
        KnowledgeError: if there is none.

    >>> by_name("small-cnn").__name__
    'SmallCNN'
    """
    names = {attack.name: attack for attack in ALL}
    if name not in names:
        raise KnowledgeError(f"there is no attack {name!r}: choose from {', '.join(names)}.")
    return names[name]


__all__ = ["ALL", "ClearTrained", "Recogniser", "SmallCNN", "by_name"]
