"""The core types: mechanism, release, game, world, case, guess and attack.

One idea joins them. *Risk is how much better the adversary does on people who were in the data
(exposed) than on people who were not (control).* Differential privacy bounds this comparison for
membership, attribute, linkage and reconstruction::

    P(right claim | exposed) <= e^epsilon * P(claim | control) + delta

Four cautions. (0) Exposed and control must be neighbours in the sense of the budget's unit.
(1) A bound on epsilon needs independent worlds, or the one-run correction if many targets share
one world. (2) If exposure was not drawn by a coin (a hold-out chosen by date, for example),
exchangeability is an assumption: run a blind adversary too. If it wins, the comparison is broken.
(3) One threshold under-reports Gaussian-like mechanisms. The report therefore shows a fitted
trade-off curve beside it, labelled as an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

from confide.core.arrays import Array, Bools, Floats, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.diagnostics import Diagnostics

# V: the view, K: the adversary's knowledge, T: the targets, S: the secrets. What only reads a type is
# covariant in it, what only takes it contravariant, so that an attack that needs less plays everywhere.
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
    """A published release: its view, the promise it was made under (or None), and the mechanism's name."""

    view: V
    budget: Budget | None
    maker: str


@dataclass(frozen=True, slots=True)
class Rehearsal(Generic[V]):
    """What a mechanism made with noise from a seed, for audits and tests; no release, as seeds can be known.

    Args:
        view: what a release would show.
        budget: the promise that a release by the same mechanism keeps; this rehearsal keeps none.
        maker: the mechanism's name.
    """

    view: V
    budget: Budget | None
    maker: str


# Two types that neither contains the other: code that publishes takes a `Release` and nothing else.
Outcome: TypeAlias = Release[V] | Rehearsal[V]


@dataclass(frozen=True, slots=True)
class Case(Generic[V_co, K_co, T_co]):
    """Everything that the adversary sees; the secret is not among its fields.

    Args:
        view: what the release shows.
        known: the adversary's background knowledge, part of the threat model. By Kerckhoffs' rule it
            contains the mechanism, with which the adversary can train reference models.
        targets: the public part of each of n targets.
    """

    view: V_co
    known: K_co
    targets: T_co


@dataclass(frozen=True, slots=True)
class World(Generic[V, K, T, S]):
    """One round of a game, complete with its secrets; only the referee sees it.

    Args:
        case: what the adversary sees.
        secrets: what the adversary has to guess, one for each target.
        exposed: bool[n], whether the target's record was in the mechanism's input.
        ids: int64[n], the target's number across worlds; None means 0..n-1.
        promise: the budget that the release was made under, if any.
        source: the input of the mechanism, from which the referee measures the utility of the release; where
            what was published already is published again, the original. If the release keeps rows, both have
            the same rows. None if the utility is not measured.
    """

    case: Case[V, K, T]
    secrets: S
    exposed: Bools
    ids: Ints | None = None
    promise: Budget | None = None
    # The referee alone sees a world, so this is no leak to the adversary.
    source: Any = None


@dataclass(frozen=True, slots=True)
class Guess:
    """The adversary's answer: a claim and a score for each target.

    Args:
        value: the claim about each target; None if the score is the whole answer, as in membership.
        score: float64[n], higher means surer. NaN means that the adversary cannot score this target: the
            target is left out of the evidence and counted.
        diagnostics: how the guess was made, for the report; None if there is nothing to add.
    """

    value: Array | None
    score: Floats
    diagnostics: Diagnostics | None = None


class Mechanism(Protocol[V]):
    """A mechanism that turns data into a release, or rehearses that; its budget is None without a promise."""

    @property
    def budget(self) -> Budget | None: ...

    def __call__(self, data: Any, *, rng: Rng) -> Outcome[V]: ...


class Game(Protocol[V, K, T, S]):
    """A threat model: it deals worlds and decides which guesses are right."""

    @property
    def unit(self) -> Unit:
        """The unit of privacy in which exposed and control differ."""
        ...

    @property
    def randomised(self) -> bool:
        """Whether a fair, independent coin decided for each target whether the mechanism was given them.

        Not where rows were taken out of a release that was made with them. A game may then say so for the
        report: `no_coin`, a clause.
        """
        ...

    def deal(self, world: int, *, rng: Rng) -> World[V, K, T, S]:
        """Deal world number `world`; all its randomness comes from `rng`."""
        ...

    def hits(self, guess: Guess, secrets: S) -> Bools:
        """Whether the claim about each target, if made, would be right, bool[n].

        On a control target every claim counts. In membership the claim is 'this person is in the
        data', so every row is True, and the score alone decides about whom it is made. Only where a
        claim can be right about people who are not in the data, as in attribute inference from a
        table, must it be right about a control target too.

        Where every target is asked about one and the same value, and attacks may name another, a game may
        also turn a guess into scores of that claim: `scored(guess) -> float64[n]`.
        """
        ...


class Attack(Protocol[V_contra, K_contra, T_contra]):
    """An adversary: a frozen record of its settings, callable on a case."""

    name: ClassVar[str]

    def __call__(self, case: Case[V_contra, K_contra, T_contra], *, rng: Rng) -> Guess: ...


# For code that plays games of every kind and does not look into views, knowledge or secrets.
AnyAttack: TypeAlias = Attack[Any, Any, Any]
AnyCase: TypeAlias = Case[Any, Any, Any]
AnyGame: TypeAlias = Game[Any, Any, Any, Any]
AnyMechanism: TypeAlias = Mechanism[Any]
AnyWorld: TypeAlias = World[Any, Any, Any, Any]
