"""Collaborative learning: protocols, secure sums and learners for `confide.collaborate`, and exchanges.

>>> from confide.collaboration import FedAvg
>>> FedAvg().budget is None  # it promises nothing
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confide.core.kept_transcript import read_transcript, write_transcript
    from confide.inputs.local_training import LocalTraining
    from confide.learners.torch.learner import TorchLearner
    from confide.learners.torch.local import TorchLocal
    from confide.mechanisms.federate.adaptive_clipping import AdaptiveClip
    from confide.mechanisms.federate.cronus import Cronus, Trainee
    from confide.mechanisms.federate.distributed_dp_fedavg import DistributedDPFedAvg
    from confide.mechanisms.federate.dp_fedavg import DPFedAvg
    from confide.mechanisms.federate.dp_ftrl import DPFTRL
    from confide.mechanisms.federate.federated_averaging import FedAvg, FedSGD
    from confide.mechanisms.federate.means.coordinatewise import CoordinateMedian, TrimmedMean
    from confide.mechanisms.federate.means.filtering import EigenvectorFilter
    from confide.mechanisms.federate.means.krum import Krum
    from confide.mechanisms.federate.means.mean import PlainMean
    from confide.mechanisms.federate.one_shot_votes import OneShotVotes
    from confide.mechanisms.federate.pate import PATE
    from confide.mechanisms.federate.prefix_sums import Banded, Tree
    from confide.mechanisms.federate.published_gnmax_cost import PublishLoss
    from confide.mechanisms.federate.rounds import Run
    from confide.mechanisms.federate.secure_rounds import SecureRounds
    from confide.mechanisms.federate.selective_sgd import SelectiveSGD
    from confide.mechanisms.federate.sparse_upload import SparseUpload
    from confide.mechanisms.federate.students import HardTargets, KernelRidge, SoftmaxRegression
    from confide.mechanisms.federate.votes import ballot
    from confide.mechanisms.share.secure_sum import SecureSum
    from confide.releases.collaboration.compared import ComparedPlans
    from confide.releases.collaboration.comparing import compare_plans
    from confide.releases.collaboration.run import carried_out
    from confide.releases.collaboration.saved import load
    from confide.releases.collaboration.settings import CollaborateSettings
    from confide.releases.collaboration.written import Written

_HOME = {
    "AdaptiveClip": "confide.mechanisms.federate.adaptive_clipping",
    "Banded": "confide.mechanisms.federate.prefix_sums",
    "CollaborateSettings": "confide.releases.collaboration.settings",
    "ComparedPlans": "confide.releases.collaboration.compared",
    "CoordinateMedian": "confide.mechanisms.federate.means.coordinatewise",
    "Cronus": "confide.mechanisms.federate.cronus",
    "DPFTRL": "confide.mechanisms.federate.dp_ftrl",
    "DPFedAvg": "confide.mechanisms.federate.dp_fedavg",
    "DistributedDPFedAvg": "confide.mechanisms.federate.distributed_dp_fedavg",
    "EigenvectorFilter": "confide.mechanisms.federate.means.filtering",
    "FedAvg": "confide.mechanisms.federate.federated_averaging",
    "FedSGD": "confide.mechanisms.federate.federated_averaging",
    "HardTargets": "confide.mechanisms.federate.students",
    "KernelRidge": "confide.mechanisms.federate.students",
    "Krum": "confide.mechanisms.federate.means.krum",
    "LocalTraining": "confide.inputs.local_training",
    "OneShotVotes": "confide.mechanisms.federate.one_shot_votes",
    "PATE": "confide.mechanisms.federate.pate",
    "PlainMean": "confide.mechanisms.federate.means.mean",
    "PublishLoss": "confide.mechanisms.federate.published_gnmax_cost",
    "Run": "confide.mechanisms.federate.rounds",
    "SecureRounds": "confide.mechanisms.federate.secure_rounds",
    "SecureSum": "confide.mechanisms.share.secure_sum",
    "SelectiveSGD": "confide.mechanisms.federate.selective_sgd",
    "SoftmaxRegression": "confide.mechanisms.federate.students",
    "SparseUpload": "confide.mechanisms.federate.sparse_upload",
    "TorchLearner": "confide.learners.torch.learner",
    "TorchLocal": "confide.learners.torch.local",
    "Trainee": "confide.mechanisms.federate.cronus",
    "Tree": "confide.mechanisms.federate.prefix_sums",
    "TrimmedMean": "confide.mechanisms.federate.means.coordinatewise",
    "Written": "confide.releases.collaboration.written",
    "ballot": "confide.mechanisms.federate.votes",
    "carried_out": "confide.releases.collaboration.run",
    "compare_plans": "confide.releases.collaboration.comparing",
    "load": "confide.releases.collaboration.saved",
    "read_transcript": "confide.core.kept_transcript",
    "write_transcript": "confide.core.kept_transcript",
}
"""Loaded at first use: some need torch."""

__all__ = [
    "DPFTRL",
    "PATE",
    "AdaptiveClip",
    "Banded",
    "CollaborateSettings",
    "ComparedPlans",
    "CoordinateMedian",
    "Cronus",
    "DPFedAvg",
    "DistributedDPFedAvg",
    "EigenvectorFilter",
    "FedAvg",
    "FedSGD",
    "HardTargets",
    "KernelRidge",
    "Krum",
    "LocalTraining",
    "OneShotVotes",
    "PlainMean",
    "PublishLoss",
    "Run",
    "SecureRounds",
    "SecureSum",
    "SelectiveSGD",
    "SoftmaxRegression",
    "SparseUpload",
    "TorchLearner",
    "TorchLocal",
    "Trainee",
    "Tree",
    "TrimmedMean",
    "Written",
    "ballot",
    "carried_out",
    "compare_plans",
    "load",
    "read_transcript",
    "write_transcript",
]


def __getattr__(name: str) -> object:
    """A protocol or what belongs to one, imported when it is asked for."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"confide.collaboration has no {name!r}; it has {', '.join(__all__)}.")
