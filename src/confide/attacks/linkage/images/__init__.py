"""Face recognition in obscured pictures: which person, of those in the gallery, is in this picture?"""

from __future__ import annotations

from confide.attacks.linkage.images.recogniser import ClearTrained, Recogniser, SmallCNN

ALL = (Recogniser, SmallCNN, ClearTrained)

__all__ = ["ALL", "ClearTrained", "Recogniser", "SmallCNN"]
