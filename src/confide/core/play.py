"""Playing a game: worlds are dealt, the adversary guesses, the referee writes evidence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import polars as pl

from confide.core.access import LADDER, access_of
from confide.core.arrays import Rng
from confide.core.diagnostics import Diagnostics
from confide.core.errors import AccessError, EvidenceError, PromiseError
from confide.core.evidence import SCHEMA, Evidence
from confide.core.narrowing import asks_for, for_attack
from confide.core.nouns import Attack, Game, Guess, World


class Map(Protocol):
    """Anything that maps like the builtin `map`: plain, threads, processes, a cluster."""

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterable[Any]: ...


def play(
    game: Game[Any, Any, Any, Any],
    attack: Attack[Any, Any, Any],
    *,
    worlds: int,
    rng: Rng,
    only: Sequence[int] | None = None,
    map: Map = map,  # noqa: A002 - the design's word: scaling out is an argument
) -> Evidence:
    """Play an attack in `worlds` worlds of a game and collect the evidence.

    The adversary gets no more than the annotation of his `case` names (`core/narrowing.py`).
    World i always has generator i, so one worker and sixty-four give the same evidence, and an
    interrupted play is resumed by playing `only` the worlds that are missing.

    Args:
        game: deals the worlds.
        attack: the adversary.
        worlds: how many worlds there are.
        rng: spawned from, once; two plays from equally seeded generators meet equal worlds.
        only: the world numbers to play now; all of them by default.
        map: how the worlds are spread.

    Raises:
        AccessError: if the attack asks for more than the game shows.
        PromiseError: if the release protects another unit than the game plays.
        EvidenceError: if the attack could not score a single target.
    """
    if worlds < 1:
        raise EvidenceError(f"{worlds} worlds cannot be played: give 1 or more.")
    children = rng.spawn(worlds)
    chosen = range(worlds) if only is None else only
    sittings: list[_Sitting] = list(map(partial(_sit, game, attack), [(i, children[i]) for i in chosen]))
    table = pl.concat([s.table for s in sittings])
    if table.is_empty():
        raise EvidenceError(f"{attack.name} could not score any target: nothing can be measured.")
    return Evidence(
        table,
        attack=attack.name,
        access=needed_access(attack),
        game=type(game).__name__,
        randomised=game.randomised,
        excluded=sum(s.excluded for s in sittings),
        seconds=sum(s.seconds for s in sittings),
        diagnostics=tuple(s.diagnostics for s in sittings if s.diagnostics is not None),
    )


@dataclass(frozen=True, slots=True)
class _Sitting:
    table: pl.DataFrame
    excluded: int
    seconds: float
    diagnostics: Diagnostics | None


def _sit(
    game: Game[Any, Any, Any, Any], attack: Attack[Any, Any, Any], numbered: tuple[int, Rng]
) -> _Sitting:
    number, child = numbered
    dealer, adversary = child.spawn(2)  # the adversary cannot replay the dealer's coins
    world = game.deal(number, rng=dealer)
    require_access(attack, world.case.view)
    if world.promise is not None and world.promise.unit != game.unit:
        raise PromiseError(
            f"the release hides {world.promise.unit}, but the game tells apart {game.unit}: "
            "play a game in the unit of the budget."
        )
    start = time.perf_counter()
    guess = attack(for_attack(attack, world.case), rng=adversary)
    return _rows(number, world, guess, game, attack.name, time.perf_counter() - start)


def _rows(
    number: int,
    world: World[Any, Any, Any, Any],
    guess: Guess,
    game: Game[Any, Any, Any, Any],
    name: str,
    seconds: float,
) -> _Sitting:
    n = len(world.exposed)
    if guess.score.shape != (n,):
        raise EvidenceError(f"{name} gave {guess.score.shape} scores for {n} targets: one each is needed.")
    ids = np.arange(n) if world.ids is None else world.ids
    columns = {
        "world": np.full(n, number, np.int64),
        "target": ids,
        "exposed": world.exposed,
        "hit": game.hits(guess, world.secrets),
        "score": guess.score.astype(np.float64),
    }
    scored = ~np.isnan(guess.score)
    table = pl.DataFrame(columns, schema=SCHEMA).filter(pl.Series(scored))
    return _Sitting(table, int(n - scored.sum()), seconds, guess.diagnostics)


def needed_access(attack: Attack[Any, Any, Any]) -> str:
    """The access that an attack asks for, read from the annotation of its `case`.

    A view of released records names itself (`shown`); access to a model is a rung of `LADDER`.
    """
    view, _ = asks_for(attack)
    for name, kind in LADDER:
        if view is kind or (view is Any and kind is object):
            return name
    return str(getattr(view, "shown", getattr(view, "__name__", view)))


def require_access(attack: Attack[Any, Any, Any], view: object) -> None:
    """Refuse an attack that needs more than the view shows.

    Raises:
        AccessError: with the access needed and the access given.
    """
    needed = needed_access(attack)
    kinds = dict(LADDER)
    if needed in kinds and not isinstance(view, kinds[needed]):
        raise AccessError(
            f"{attack.name} needs {needed} access, but the release gives {access_of(view)} access: "
            "choose another attack (`confide attacks` lists what each needs), or show it more."
        )
