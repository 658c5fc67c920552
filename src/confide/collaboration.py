"""Collaborative learning: protocols, secure sums and learners for `confide.collaborate`.

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
    from confide.mechanisms.federate.dp_fedavg import DPFedAvg
    from confide.mechanisms.federate.dp_ftrl import DPFTRL
    from confide.mechanisms.federate.federated_averaging import FedAvg, FedSGD
    from confide.mechanisms.federate.prefix_sums import Banded, Tree
    from confide.mechanisms.federate.rounds import Run
    from confide.mechanisms.federate.selective_sgd import SelectiveSGD
    from confide.mechanisms.federate.sparse_upload import SparseUpload
    from confide.mechanisms.share.secure_sum import SecureSum
    from confide.releases.collaboration.run import Written, carried_out
    from confide.releases.collaboration.saved import load
    from confide.releases.collaboration.settings import CollaborateSettings

_HOME = {
    "AdaptiveClip": "confide.mechanisms.federate.adaptive_clipping",
    "Banded": "confide.mechanisms.federate.prefix_sums",
    "CollaborateSettings": "confide.releases.collaboration.settings",
    "DPFTRL": "confide.mechanisms.federate.dp_ftrl",
    "DPFedAvg": "confide.mechanisms.federate.dp_fedavg",
    "FedAvg": "confide.mechanisms.federate.federated_averaging",
    "FedSGD": "confide.mechanisms.federate.federated_averaging",
    "LocalTraining": "confide.inputs.local_training",
    "Run": "confide.mechanisms.federate.rounds",
    "SecureSum": "confide.mechanisms.share.secure_sum",
    "SelectiveSGD": "confide.mechanisms.federate.selective_sgd",
    "SparseUpload": "confide.mechanisms.federate.sparse_upload",
    "TorchLearner": "confide.learners.torch.learner",
    "TorchLocal": "confide.learners.torch.local",
    "Tree": "confide.mechanisms.federate.prefix_sums",
    "Written": "confide.releases.collaboration.run",
    "carried_out": "confide.releases.collaboration.run",
    "load": "confide.releases.collaboration.saved",
    "read_transcript": "confide.core.kept_transcript",
    "write_transcript": "confide.core.kept_transcript",
}
"""Loaded at first use: some need torch."""

__all__ = [
    "DPFTRL",
    "AdaptiveClip",
    "Banded",
    "CollaborateSettings",
    "DPFedAvg",
    "FedAvg",
    "FedSGD",
    "LocalTraining",
    "Run",
    "SecureSum",
    "SelectiveSGD",
    "SparseUpload",
    "TorchLearner",
    "TorchLocal",
    "Tree",
    "Written",
    "carried_out",
    "load",
    "read_transcript",
    "write_transcript",
]


def __getattr__(name: str) -> object:
    """A protocol or what belongs to one, imported when it is asked for."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"confide.collaboration has no {name!r}; it has {', '.join(__all__)}.")
