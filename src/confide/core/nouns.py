"""The seven nouns: mechanism, release, game (which deals worlds), attack, and what passes between them.

One idea joins them. *Risk is how much better the adversary does on people who were in the data
(exposed) than on people who were not (control).* For membership, attribute, linkage and
reconstruction alike, differential privacy bounds that very comparison::

    P(right claim | exposed) <= e^epsilon * P(claim | control) + delta

Four cautions. (0) Exposed and control must be neighbours in the sense of the budget's unit.
(1) A bound on epsilon needs independent worlds, or the one-run correction where many targets share
one world. (2) Where exposure was not drawn by a coin (a hold-out chosen by date, say), exchangeability
is an assumption: run a blind adversary too; if he wins, the comparison is broken. (3) One threshold
under-reports Gaussian-like mechanisms: the fitted trade-off curve stands beside it, labelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from confide.core.arrays import Array, Bools, Floats, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.diagnostics import Diagnostics

V = TypeVar("V")
K = TypeVar("K")
T = TypeVar("T")
S = TypeVar("S")
V_co = TypeVar("V_co", covariant=True)
K_co = TypeVar("K_co", covariant=True)
T_co = TypeVar("T_co", covariant=True)
V_contra = TypeVar("V_contra", contravariant=True)
K_contra = TypeVar("K_contra", contravariant=True)
T_contra = TypeVar("T_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Release(Generic[V]):
    """What is published: a view, the promise it was made under (or None), and who made it."""

    view: V
    budget: Budget | None
    maker: str


@dataclass(frozen=True, slots=True)
class Case(Generic[V_co, K_co, T_co]):
    """All that the adversary sees; the secret is not among its fields.

    Args:
        view: what the release shows.
        known: his background knowledge, part of the threat model. By Kerckhoffs' rule it holds the
            mechanism, so that he can train reference models.
        targets: the public part of each of n targets.
    """

    view: V_co
    known: K_co
    targets: T_co


@dataclass(frozen=True, slots=True)
class World(Generic[V, K, T, S]):
    """One sitting of a game, as only the referee sees it.

    Args:
        case: what the adversary gets.
        secrets: what he is to guess, one for each target.
        exposed: bool[n], was the target's record among the mechanism's input?
        ids: int64[n], the target's number across worlds; None means 0..n-1.
        promise: the budget that the release was made under, if any.
    """

    case: Case[V, K, T]
    secrets: S
    exposed: Bools
    ids: Ints | None = None
    promise: Budget | None = None


@dataclass(frozen=True, slots=True)
class Guess:
    """An adversary's answer.

    Args:
        value: what he claims of each target; None where the score says all, as in membership.
        score: float64[n], higher = surer. NaN = he cannot say anything about this target: it is left
            out of the evidence, and counted.
        diagnostics: how he came to it, for the report; None where there is nothing to add.
    """

    value: Array | None
    score: Floats
    diagnostics: Diagnostics | None = None


class Mechanism(Protocol[V]):
    """Data -> release. Carries its promise; None where it promises nothing."""

    @property
    def budget(self) -> Budget | None: ...

    def __call__(self, data: Any, *, rng: Rng) -> Release[V]: ...


class Game(Protocol[V, K, T, S]):
    """A threat model: deals worlds, and says which guesses hit."""

    @property
    def unit(self) -> Unit:
        """The unit in which exposed and control differ."""
        ...

    @property
    def randomised(self) -> bool:
        """Was exposure drawn by a fair, independent coin for each target?"""
        ...

    def deal(self, world: int, *, rng: Rng) -> World[V, K, T, S]:
        """World number `world`; all its coins come from `rng`."""
        ...

    def hits(self, guess: Guess, secrets: S) -> Bools:
        """bool[n]: would the claim about each target, if made, be a right claim (or, on a control
        target, a claim at all)? In membership the claim is 'he is in', so every row is True and the
        score alone decides who is claimed."""
        ...


class Attack(Protocol[V_contra, K_contra, T_contra]):
    """An adversary: a frozen record of its settings, callable on a case."""

    name: ClassVar[str]

    def __call__(self, case: Case[V_contra, K_contra, T_contra], *, rng: Rng) -> Guess: ...
