"""Reconstruction from a model: which record trained it, beside those that are known?"""

from __future__ import annotations

from confide.attacks.reconstruction.model.informed import InformedRebuild
from confide.attacks.reconstruction.model.kkt import KktReconstruction
from confide.attacks.reconstruction.model.picture_inversion import PictureInversion
from confide.attacks.reconstruction.model.reconstructor import ReconstructorNetwork

ALL = (InformedRebuild, ReconstructorNetwork, PictureInversion, KktReconstruction)

__all__ = ["ALL", "InformedRebuild", "KktReconstruction", "PictureInversion", "ReconstructorNetwork"]
