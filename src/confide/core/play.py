"""Playing a game: deal worlds, let the adversary guess, collect the evidence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

import numpy as np

from confide.core.access import LADDER, access_of
from confide.core.arrays import Bools, Floats, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.errors import AccessError, AttackError, EvidenceError, PromiseError
from confide.core.evidence import Evidence, schema
from confide.core.language import keep
from confide.core.lazily import Lazily
from confide.core.narrowing import asks_for, for_attack
from confide.core.nouns import AnyAttack, AnyGame, AnyWorld, Guess
from confide.core.own_attack import Shown, check_answer, check_written, is_own

if TYPE_CHECKING:
    import polars as pl
else:
    pl = Lazily("polars")


_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Map(Protocol):
    """A function that maps like the builtin `map`: in this process, in threads, processes or a cluster."""

    def __call__(
        self, function: Callable[[_Item], _Result], items: Iterable[_Item], /
    ) -> Iterable[_Result]: ...


def deal(game: AnyGame, *, worlds: int, rng: Rng) -> tuple[AnyWorld, ...]:
    """Deal the worlds that `play` deals with an equally seeded generator; give them to it as `worlds`.

    Several attacks, and further questions about the same worlds, then need each world only once.

    Raises:
        EvidenceError: if there is not at least one world.
    """
    children = _children(worlds, rng)
    return tuple(game.deal(i, rng=child.spawn(2)[0]) for i, child in enumerate(children))


@overload
def play(
    game: AnyGame,
    attack: AnyAttack,
    *,
    worlds: int | Sequence[AnyWorld],
    rng: Rng,
    only: Sequence[int] | None = None,
    across_units: bool = False,
    map: Map = map,
) -> Evidence: ...


@overload
def play(
    game: AnyGame,
    attack: Sequence[AnyAttack],
    *,
    worlds: int | Sequence[AnyWorld],
    rng: Rng,
    only: Sequence[int] | None = None,
    across_units: bool = False,
    map: Map = map,
) -> tuple[Evidence, ...]: ...


def play(
    game: AnyGame,
    attack: AnyAttack | Sequence[AnyAttack],
    *,
    worlds: int | Sequence[AnyWorld],
    rng: Rng,
    only: Sequence[int] | None = None,
    across_units: bool = False,
    map: Map = map,  # noqa: A002 - named as the builtin that it replaces
) -> Evidence | tuple[Evidence, ...]:
    """Play attacks in the worlds of a game and collect the evidence; each world is dealt once.

    The adversary sees only what the annotation of its `case` names (`core/narrowing.py`). World i
    always has generator i. One worker and sixty-four therefore give the same evidence, and an
    interrupted play is resumed by playing `only` the missing worlds. An attack gets the same
    generator whether it is played alone or with others.

    Args:
        game: deals the worlds.
        attack: the adversary, or several.
        worlds: how many worlds there are, or the worlds as `deal` dealt them.
        rng: spawned once; two plays from equally seeded generators have equal worlds.
        only: the world numbers to play now; all of them by default.
        across_units: play although the promise of the release is about another unit than the unit of the
            game. The evidence then says nothing about the promise.
        map: how the worlds are distributed over workers.

    Returns:
        the evidence of the attack, or of each of several in their order.

    Raises:
        AttackError: if an attack of the user's own is written wrongly, changes what it is shown, or gives
            something else than a score for each target.
        AccessError: if an attack asks for more than the game shows.
        PromiseError: if the release protects another unit than the game plays.
        EvidenceError: if an attack could not score a single target.
    """
    dealt = None if isinstance(worlds, int) else tuple(worlds)
    count = worlds if isinstance(worlds, int) else len(worlds)
    children = _children(count, rng)  # for all worlds, also with `only`: world i keeps generator i
    table = _Table(game, tuple(attack) if isinstance(attack, Sequence) else (attack,), across_units)
    for one in table.attacks:
        if is_own(one):
            check_written(one)
    numbered = [
        (i, children[i], None if dealt is None else dealt[i])
        for i in (range(count) if only is None else only)
    ]
    # The map sees worlds and not attacks: a world is dealt in the worker that plays it.
    by_world = list(map(table, numbered))
    evidence = tuple(
        _evidence(game, a, [rounds[j] for rounds in by_world]) for j, a in enumerate(table.attacks)
    )
    return evidence if isinstance(attack, Sequence) else evidence[0]


def _children(worlds: int, rng: Rng) -> list[Rng]:
    if worlds < 1:
        raise EvidenceError(f"{worlds} worlds cannot be played: give 1 or more.")
    # Spawned children are independent, and child i is the same however many there are.
    return rng.spawn(worlds)


def _evidence(game: AnyGame, attack: AnyAttack, rounds: Sequence[_Round]) -> Evidence:
    table = pl.concat([r.table for r in rounds])
    if table.is_empty():
        raise EvidenceError(
            keep("{attack} could not score any target: nothing can be measured.", attack=attack.name)
        )
    return Evidence(
        table,
        attack=attack.name,
        access=needed_access(attack),
        game=type(game).__name__,
        randomised=game.randomised,
        crossed=bool(getattr(game, "crossed", False)),
        no_coin=str(getattr(game, "no_coin", "")),  # most games have no reason of their own to give
        excluded=sum(r.excluded for r in rounds),
        sample_of=int(getattr(game, "sample_of", 0)),
        seconds=sum(r.seconds for r in rounds),
        diagnostics=tuple(r.diagnostics for r in rounds if r.diagnostics is not None),
    )


@dataclass(frozen=True, slots=True)
class _Round:
    """The result of one world for one attack: its rows of evidence and what the attack took."""

    table: pl.DataFrame
    excluded: int
    seconds: float
    diagnostics: Diagnostics | None


@dataclass(frozen=True, slots=True)
class _Table:
    """A worker's task: play all attacks in one world."""

    game: AnyGame
    attacks: tuple[AnyAttack, ...]
    across_units: bool

    def __call__(self, numbered: tuple[int, Rng, AnyWorld | None]) -> list[_Round]:
        number, child, dealt = numbered
        dealer, adversary = child.spawn(2)  # the adversary cannot repeat the dealer's random draws
        world = self.game.deal(number, rng=dealer) if dealt is None else dealt
        self._same_unit(world)
        # A copy of the generator for each attack, so that it draws the same numbers as when played alone.
        return [self._round(number, world, attack, deepcopy(adversary)) for attack in self.attacks]

    def _same_unit(self, world: AnyWorld) -> None:
        other = world.promise is not None and world.promise.unit != self.game.unit
        if world.promise is not None and other and not self.across_units:
            raise PromiseError(
                f"the release hides {world.promise.unit}, but the game tells apart {self.game.unit}: "
                "play a game in the unit of the budget, or say that the promise is not at stake "
                "(`across_units=True`)."
            )

    def _round(self, number: int, world: AnyWorld, attack: AnyAttack, rng: Rng) -> _Round:
        # Before the clock starts and before the attack sees anything.
        require_access(attack, world.case.view)
        case = for_attack(attack, world.case)
        shown = Shown(case) if is_own(attack) else None
        start = time.perf_counter()  # the attack alone; dealing a world can take much longer
        guess = attack(case, rng=rng)
        seconds = time.perf_counter() - start
        if shown is not None and (where := shown.changed()):
            raise AttackError(
                f"{attack.name} changed {where}, which other attacks are shown too: work on a copy "
                f"(`{where}.copy()`)."
            )
        check_answer(attack, guess, len(world.exposed))
        # Most games take the score as it is: how sure the adversary is of the claim that it makes.
        score = getattr(self.game, "scored", _as_it_is)(guess)
        # NaN means "no answer": such targets are counted, and never taken for people who are safe.
        scored = ~np.isnan(score)
        table = _rows(number, world, score, self.game.hits(guess, world.secrets)).filter(pl.Series(scored))
        return _Round(table, int((~scored).sum()), seconds, guess.diagnostics)


def _as_it_is(guess: Guess) -> Floats:
    return guess.score


def _rows(number: int, world: AnyWorld, score: Floats, hits: Bools) -> pl.DataFrame:
    """The rows of evidence of one world, one for each target."""
    n = len(world.exposed)
    columns = {
        "world": np.full(n, number, np.int64),
        "target": np.arange(n) if world.ids is None else world.ids,
        "exposed": world.exposed,
        "hit": hits,
        "score": score.astype(np.float64),
    }
    return pl.DataFrame(columns, schema=schema())


def needed_access(attack: AnyAttack) -> str:
    """The access that an attack needs, read from the annotation of its `case`.

    A view of released records names itself (`shown`); access to a model is a rung of `LADDER`.
    """
    view, _ = asks_for(attack)
    for name, kind in LADDER:
        # An attack annotated `Any` looks at no view, so it counts as blind.
        if view is kind or (view is Any and kind is object):
            return name
    return str(getattr(view, "shown", getattr(view, "__name__", view)))


def require_access(attack: AnyAttack, view: object) -> None:
    """Refuse an attack that needs more access than the view gives.

    Raises:
        AccessError: with the access needed and the access given.
    """
    needed = needed_access(attack)
    kinds = dict(LADDER)
    if needed in kinds and not isinstance(view, kinds[needed]):
        raise AccessError(
            keep(
                "{attack} needs {needed} access, but the release gives {given} access: choose another "
                "attack (`confide attacks` lists what each needs), or give more access.",
                attack=attack.name,
                needed=needed,
                given=access_of(view),
            )
        )
    kind, given = asks_for(attack)[0], str(getattr(view, "shown", access_of(view)))
    if needed not in kinds and needed != given and isinstance(kind, type) and not isinstance(view, kind):
        raise AccessError(
            keep(
                "{attack} looks at {needed}, but the release gives {given}: choose another attack "
                "(`confide attacks` lists what each needs).",
                attack=attack.name,
                needed=needed,
                given=given,
            )
        )
