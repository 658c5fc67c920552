"""Protocols by their names in a plan, with the options that each takes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any, TypeAlias

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.fields import shown
from confide.inputs.domain_columns import refuse_unknown
from confide.inputs.local_training import need
from confide.mechanisms.federate.protocol import AnyCollaboration
from confide.mechanisms.noise.source import Noise
from confide.releases.collaboration.means import mean_of

Said: TypeAlias = Mapping[str, Any]

NUMBERS = ("clip", "sample", "multiplier", "rate", "share", "upload", "download", "above")
WHOLE = ("separation", "bands", "cohort", "least", "colluding", "times")
WORDS = ("weights", "select", "order")
PARTS = ("adaptive", "private")
"""Options that are tables."""
MOST = 1_000_000_000
"""The largest whole number of an option."""
ROOM = "confide.mechanisms.federate"


@dataclass(frozen=True, slots=True)
class Named:
    """A protocol that goes by a name.

    Args:
        module, made: its record.
        takes: its options in a plan.
        promises: whether it keeps a budget for each client.
        remembers: whether clients keep something to themselves between rounds.
        once: whether there is one round alone.
    """

    module: str
    made: str
    takes: tuple[str, ...]
    promises: bool = False
    remembers: bool = False
    once: bool = False

    def load(self) -> Callable[..., AnyCollaboration]:
        """Its record."""
        found: Callable[..., AnyCollaboration] = getattr(import_module(f"{ROOM}.{self.module}"), self.made)
        return found


PROTOCOLS = {
    "fedavg": Named("federated_averaging", "FedAvg", ("share", "weights", "rate", "mean")),
    "fedsgd": Named("federated_averaging", "FedSGD", ("share", "weights", "rate", "mean")),
    "dp-fedavg": Named(
        "dp_fedavg",
        "DPFedAvg",
        ("clip", "adaptive", "sample", "multiplier", "rate", "weights"),
        promises=True,
    ),
    "distributed-dp-fedavg": Named(
        "distributed_dp_fedavg",
        "DistributedDPFedAvg",
        ("clip", "cohort", "least", "colluding", "times", "rate"),
        promises=True,
        remembers=True,
    ),
    "dp-ftrl": Named(
        "dp_ftrl", "DPFTRL", ("clip", "separation", "bands", "multiplier", "rate"), promises=True
    ),
    "selective-sgd": Named(
        "selective_sgd",
        "SelectiveSGD",
        ("upload", "download", "select", "order", "clip", "above", "private"),
        remembers=True,
    ),
}
"""The name in a plan -> the protocol."""
EXCHANGES = {
    "cronus": Named("cronus_exchange", "CronusExchange", ("mean",)),
    "votes": Named("vote_exchange", "VoteExchange", (), promises=True, once=True),
    "pate": Named(
        "pate_exchange",
        "PateExchange",
        ("teachers", "threshold", "queries", "answers", "check", "publish"),
        promises=True,
        once=True,
    ),
}
"""The same of those in which parties say what they predict for public records."""


def exchange_in(given: Any) -> Named | None:
    """The exchange of predictions that the table of a plan names; None if it names another protocol.

    >>> exchange_in({"name": "votes"}).once, exchange_in({"name": "fedavg"})
    (True, None)
    """
    name = given.get("name") if isinstance(given, dict) else None
    return EXCHANGES.get(name) if isinstance(name, str) else None


def protocol_of(said: Said, *, epsilon: float | None, delta: float | None, noise: Noise) -> AnyCollaboration:
    """The protocol that a plan says.

    Args:
        said: `name`, and its options.
        epsilon, delta: what the run may spend; None for no limit.
        noise: "secure", or "rehearsal" from the run's generator.

    Raises:
        DataError: for a name or an option that there is not, with the nearest.
        PromiseError: if there is no budget for a protocol that promises one, or one for another.

    >>> protocol_of({"name": "fedavg", "share": 0.5}, epsilon=None, delta=None, noise="secure").share
    0.5
    """
    name = said.get("name")
    if not isinstance(name, str) or name not in PROTOCOLS:
        names = (*PROTOCOLS, *EXCHANGES)
        near = get_close_matches(str(name).lower(), names, n=1)
        hint = f"you may mean {near[0]!r}" if near else f"choose one of {', '.join(names)}"
        raise DataError(f"the name is {shown(name)}: {hint}.")
    named = PROTOCOLS[name]
    if "mean" in said and "mean" not in named.takes:
        raise PromiseError(_no_mean(name, named))
    refuse_unknown(said, ("name", *named.takes), name)
    given = {key: _checked(key, value) for key, value in said.items() if key not in ("name", "mean")}
    if named.promises:
        return _promising(name, named, given, epsilon, delta, noise)
    if epsilon is not None:
        raise PromiseError(
            f"{name} promises nothing, so that no budget can be kept: leave epsilon and delta out, or choose "
            f"{' or '.join(key for key, one in PROTOCOLS.items() if one.promises)}."
        )
    if "mean" in said:  # each client counts once
        given = {"weights": "equal", **given, "mean": mean_of(said["mean"])}
    if "private" in given:
        from confide.mechanisms.federate.sparse_upload import SparseUpload

        given["private"] = _made(SparseUpload, given["private"], ("epsilon", "clip", "threshold"))
        given["noise"] = noise
    return named.load()(**given)


def _no_mean(name: str, named: Named) -> str:
    averaging = " or ".join(key for key, one in PROTOCOLS.items() if "mean" in one.takes)
    why = "adds up sparse updates one after another"
    if named.promises:
        why = "keeps its promise by noise on the plain sum, and that fixes the mean"
    return f"{name} {why}: leave mean out, or choose {averaging}, which promise nothing."


def _promising(
    name: str, named: Named, given: dict[str, Any], epsilon: float | None, delta: float | None, noise: Noise
) -> AnyCollaboration:
    if epsilon is None or delta is None:
        raise PromiseError(
            f"{name} keeps a budget, and there is none: write [budget] with epsilon and delta, such as 2 and "
            "1e-4; delta below one over the clients."
        )
    need("dp_accounting", f"the promise of {name}", extra="train")
    for key in {"clip", "sample", "separation", "cohort", "times"} & set(named.takes) - {
        *given,
        *["clip"] * ("adaptive" in given),
    }:
        raise DataError(f"{name} needs {key}: give it.")
    if "adaptive" in given:
        from confide.mechanisms.federate.adaptive_clipping import AdaptiveClip

        if "clip" in given:
            raise DataError("clip is fixed and adaptive follows the updates: give one of them.")
        given["clip"] = _made(AdaptiveClip, given.pop("adaptive"), ("start", "quantile", "pace", "noise"))
    if "bands" in given:
        from confide.mechanisms.federate.prefix_sums import Banded

        given["sums"] = Banded(given.pop("bands"))
    if "cohort" in given:
        from confide.mechanisms.share.plan import two_thirds

        given = {"least": two_thirds(given["cohort"]), "colluding": 0, **given}
    return named.load()(**given, budget=Budget(epsilon, delta, Unit.client()), noise=noise)


def _made(record: Callable[..., object], said: Said, takes: tuple[str, ...]) -> object:
    refuse_unknown(said, takes, "it")
    for key, value in said.items():
        _need_number(key, value)
    try:
        return record(**said)
    except TypeError as error:  # one that has no default is missing
        raise DataError(f"it needs all of {', '.join(takes)}: give those that are missing.") from error


def _checked(key: str, value: Any) -> Any:
    if key in NUMBERS:
        _need_number(key, value)
        return float(value)
    least = 0 if key == "colluding" else 1
    if key in WHOLE and (type(value) is not int or not least <= value <= MOST):
        raise DataError(f"{key} is {shown(value)}: give a whole number from {least:,} to {MOST:,}.")
    if key in WORDS and not isinstance(value, str):
        raise DataError(f"{key} is {shown(value)}: give a text.")
    if key in PARTS and not isinstance(value, dict):
        raise DataError(f"{key} is {shown(value)}: write a table, {key} = {{ ... }}.")
    return value


def _need_number(key: str, value: object) -> None:
    # No nan is within, and no whole number that is too large for a float.
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not -sys.float_info.max <= value <= sys.float_info.max
    ):
        raise DataError(f"{key} is {shown(value)}: give a finite number.")
