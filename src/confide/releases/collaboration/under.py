"""Plans under other protections: the same parties, learner and rounds, with noise or a secure sum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from confide.core.errors import DataError
from confide.inputs.numbers import parse_number
from confide.releases.collaboration.plan import PlanFile
from confide.releases.collaboration.protocols import PROTOCOLS, Said
from confide.releases.collaboration.terms import Adding, Paying

AS_IT_IS, PLAIN, SECURE, NOISE, BOTH = "plan", "plain", "secure", "dp", "both"
FORMS = (PLAIN, SECURE, f"{NOISE}:EPSILON", f"{BOTH}:EPSILON", AS_IT_IS)
"""What can be written."""
AVERAGING = "fedavg", "dp-fedavg", "distributed-dp-fedavg", "dp-ftrl"
"""Protocols that are one algorithm with other noise, so that one stands for the other."""
CARRIED = (
    *("name", "share", "weights", "rate", "clip", "adaptive", "sample", "multiplier"),
    *("separation", "bands", "cohort", "least", "colluding", "times"),
)
"""Options of these that another of them has in its own form, or whose noise it has in another way."""
BARE = *AVERAGING, "fedsgd", "selective-sgd"
"""Protocols that can do without noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """A plan under a protection.

    Args:
        text: that names the protection, as the user wrote it.
        plan: changed.
        way: what it has in common with the same protection under another epsilon.
        epsilon: that was asked for; infinite for none.
    """

    text: str
    plan: PlanFile
    way: str
    epsilon: float = inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a protection needs, and a plan without it need not say.

    Args:
        clients: how many parties there are.
        clip: the longest update; None for that of the plan.
        delta: of every promise; None for that of the plan.
    """

    clients: int
    clip: float | None = None
    delta: float | None = None


def protected(plan: PlanFile, texts: Sequence[str], terms: Terms) -> list[Protected]:
    """The plan under each protection, in the order given.

    Raises:
        DataError: for a protection that there is not, that is named twice, or that lacks something of the
            plan.
    """
    found = [_protected(plan, text.strip(), terms) for text in texts]
    seen = {(one.way, one.epsilon) for one in found}
    if len(seen) < len(found):
        raise DataError(f"--under {','.join(texts):.100} names a protection twice: give each once.")
    return found


def ways_of(runs: Iterable[Protected]) -> list[list[str]]:
    """The texts of the protections by their ways, the smallest epsilon first."""
    ways: dict[str, list[Protected]] = {}
    for one in runs:
        ways.setdefault(one.way, []).append(one)
    return [[one.text for one in sorted(way, key=lambda one: one.epsilon)] for way in ways.values()]


def _protected(plan: PlanFile, text: str, terms: Terms) -> Protected:
    way, colon, rest = text.partition(":")
    known = {PLAIN: _plain, SECURE: _secure, AS_IT_IS: lambda plan, _: plan}
    if way in known and not colon:
        return Protected(text=text, plan=known[way](plan, terms), way=way)
    noisy = {NOISE: _noisy, BOTH: _both}
    if way not in noisy or not rest:
        raise DataError(f"--under has no {text!r:.60}: choose from {', '.join(FORMS)}, parted by commas.")
    epsilon = parse_number(rest)
    if not 0 < epsilon < inf:
        raise DataError(f"--under {text:.60}: give a finite epsilon above 0.")
    name, delta = _name(plan, text, AVERAGING), terms.delta
    if lost := [key for key in plan.protocol if key not in CARRIED]:
        raise DataError(
            f"--under {text:.60} would run without {lost[0]!r:.60} of the plan's protocol: leave it out of "
            "the plan, or write a plan of its own."
        )
    if delta is None:
        delta = plan.paying.delta
    if delta is None:
        raise DataError(
            f"--under {text:.60} is a promise with a delta, and the plan has none: add --delta, well below "
            "one over the clients."
        )
    made = replace(plan, paying=Paying(epsilon=epsilon, delta=delta), adding=None)
    return Protected(text=text, plan=noisy[way](made, plan, text, name, terms), way=way, epsilon=epsilon)


def _name(plan: PlanFile, text: str, can: Sequence[str]) -> str:
    name = plan.protocol.get("name")
    if name not in can:
        raise DataError(
            f"--under {text:.60} changes plans of {', '.join(can)}, and this one runs {name!r:.60}: give it "
            f"as it is, --under {AS_IT_IS}, or beside another plan."
        )
    return str(name)


def _plain(plan: PlanFile, terms: Terms, text: str = PLAIN) -> PlanFile:
    """Without noise and without a secure sum."""
    name, said = _name(plan, text, BARE), dict(plan.protocol)
    said.pop("private", None)
    if PROTOCOLS[name].promises:
        said = {"name": "fedavg", "weights": "equal", "share": _share(said, terms), **_some(said, "rate")}
    return replace(plan, protocol=said, paying=Paying(), adding=None)


def _secure(plan: PlanFile, terms: Terms) -> PlanFile:
    """The same, in a secure sum."""
    return replace(_plain(plan, terms, SECURE), adding=plan.adding or Adding())


def _noisy(made: PlanFile, plan: PlanFile, text: str, name: str, terms: Terms) -> PlanFile:
    """With the server's noise, of the least multiplier that keeps the budget."""
    said = {key: value for key, value in plan.protocol.items() if key != "multiplier"}
    clip = _clip(said, text, terms, kept=("adaptive",))
    if name in ("dp-fedavg", "dp-ftrl"):
        said = {key: value for key, value in said.items() if key not in ("clip", "adaptive")} | clip
        return replace(made, protocol=said)
    said = {"name": "dp-fedavg", "sample": _share(said, terms), **_some(said, "rate"), **clip}
    return replace(made, protocol=said)


def _both(made: PlanFile, plan: PlanFile, text: str, name: str, terms: Terms) -> PlanFile:
    """With noise by the clients, inside a secure sum."""
    said, adding = dict(plan.protocol), plan.adding or Adding()
    cohort = max(1, round(_share(said, terms) * terms.clients))
    rounds = {"cohort": cohort, "times": -(-plan.rounds * cohort // terms.clients)}
    said = {
        "name": "distributed-dp-fedavg",
        **rounds,
        **({"colluding": adding.colluding} if adding.colluding else {}),
        **_some(said, "rate", "cohort", "times", "least", "colluding"),
        **_clip(said, text, terms),
    }
    return replace(made, protocol=said, adding=replace(adding, limit=None))


def _share(said: Said, terms: Terms) -> float:
    """The share of the clients that work in a round."""
    if "separation" in said:
        return 1 / float(said["separation"])
    if "cohort" in said:
        return min(1.0, float(said["cohort"]) / terms.clients)
    return float(said.get("sample", said.get("share", 1.0)))


def _clip(said: Said, text: str, terms: Terms, *, kept: tuple[str, ...] = ()) -> dict[str, Any]:
    if terms.clip is not None:
        return {"clip": terms.clip}
    if found := _some(said, "clip", *kept):
        return found
    raise DataError(
        f"--under {text:.60} cuts updates to a length, and the plan has no such clip: add --clip, such as "
        "--clip 0.5."
    )


def _some(said: Said, *names: str) -> dict[str, Any]:
    return {name: said[name] for name in names if name in said}
