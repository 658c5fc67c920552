"""Shadow worlds: what made the file is run again, on rows that coins decide about, and attacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from confide.attacks.membership.synthetic import FILES, GENERATORS, MARGINS
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.spec import Context, Count
from confide.audits.synthesisers import PROMISE, PROTECTIONS
from confide.audits.synthetic.games import Sides
from confide.audits.synthetic.of_function import OfFunction
from confide.core.arrays import Ints, Rng
from confide.core.errors import DataError
from confide.core.language import t
from confide.core.nouns import AnyAttack, Mechanism
from confide.core.sentence import said
from confide.games.membership.synthetic import Synthesis
from confide.games.membership.synthetic_margins import MarginsOfAllButOne
from confide.inputs.synthetic import Synthetic, SyntheticData
from confide.mechanisms.synthesize.concentrated import Concentrated
from confide.mechanisms.synthesize.independent import IndependentMargins
from confide.mechanisms.synthesize.only_margins import OnlyMargins
from confide.utility.synthetic._binned import binned
from confide.views.table import Domain, Table

GENERATED = "membership behind synthetic records"
"""The goal, as of synthetic records that are made for the audit."""
OUTLIERS = 40
"""People who are asked about in every world: those whose rows are least likely."""
ROWS = 1_000
"""Rows that the generator is given in each world, on average."""
PLAYED = 30
"""Worlds that are played; those that the adversary makes for itself come besides."""
MEASURED = 200
"""Worlds in which one person is asked about by somebody who knows all others, and every noised margin."""


def generator_of(held: Synthetic, real: Table) -> Mechanism[Table] | None:
    """What made the file, as far as the user says it.

    Raises:
        DataError: if a mechanism lacks its budget, or a budget is given without one.
    """
    if held.make is not None:
        return OfFunction(held.make, real.domains, held.patience)
    if held.mechanism is None:
        return None
    settings = [held.epsilon, f"{held.delta:g}"] if held.mechanism in PROMISE else []
    return PROTECTIONS[held.mechanism].make(*map(str, settings), noise="rehearsal")


def shadow_worlds(
    held: Synthetic, data: SyntheticData, both: Sides, asked: Sequence[AnyAttack], *, rng: Rng
) -> list[PlannedGame]:
    """The games in which the generator is run again; none where nobody says what it is.

    Args:
        held: what the user filled in.
        data: the files.
        both: real people, and people held out: the adversary's own worlds are made from the latter.
        asked: the attacks that were asked for.
        rng: draws people where there are ties.

    Raises:
        DataError: if there are too few people.
        KnowledgeError: if the generator does not work.
    """
    real, control = both.real.published, both.control.published
    if held.mechanism is not None:  # it works on bins, a generator of the user's on the values
        real, control = in_bins(real, control, public=data.public)
    made = generator_of(held, real)
    if made is None:
        return []
    people = outliers(real, OUTLIERS, rng=rng)
    t = len(people)
    group = min(ROWS, len(real) - t + t // 2, len(control) + t // 2)
    if group <= t:
        raise DataError(
            f"shadow worlds need more than {t} real people and as many held out: there are "
            f"{len(real):,} and {len(control):,}."
        )
    game = Synthesis(people=real, generator=made, reference=control, group=group, asked=people)
    if isinstance(made, OfFunction):
        made(control, rng=rng)  # a generator that does not work is a named skip, and not the end of the audit
    # In their own worlds the adversaries of the file play too: there a coin decides.
    playing = [replace(a, worlds=held.shadows) if isinstance(a, GENERATORS) else a for a in asked]
    playing = [a for a in playing if isinstance(a, (*FILES, *GENERATORS))]
    kept = held.generator is None
    found = [
        PlannedGame(game=game, worlds=PLAYED, attacks=playing, goal=GENERATED, kept=kept, promise=made.budget)
    ]
    inside = [a for a in asked if isinstance(a, MARGINS)]
    if inside and isinstance(made, Concentrated) and not isinstance(made, IndependentMargins):
        few = np.union1d(people, rng.permutation(len(real))[:group])
        measured = MarginsOfAllButOne(
            table=real.take(few), measuring=OnlyMargins(made), targets=np.flatnonzero(np.isin(few, people))
        )
        found.append(PlannedGame(game=measured, worlds=MEASURED, attacks=inside, goal=GENERATED))
    return found


def in_bins(real: Table, control: Table, *, public: Mapping[str, Ints]) -> list[Table]:
    """Tables with bins as values, as a synthesiser models them; those that margins are counted in.

    Args:
        real: whose range is cut where bins are not public: this is an audit by who holds the rows.
        control: of the same domains.
        public: bins of values, by column.
    """
    files = binned(real, control, public=public)
    domains: list[Domain] = []
    for domain, size in zip(real.domains, files[0].sizes, strict=True):
        ranks = np.arange(size, dtype=np.float64)
        ranks[size - domain.missing :] = np.nan
        numbers = None if domain.numbers is None else ranks
        domains.append(Domain(domain.name, tuple(map(str, range(size))), numbers, domain.missing))
    return [Table.of(domains, file.codes.T) for file in files]


def outliers(table: Table, count: int, *, rng: Rng) -> Ints:
    """The rows that are least likely if columns were independent, at most a quarter of all: int64[count]."""
    log = np.zeros(len(table))
    for column, size in zip(table.low.T, table.sizes, strict=True):
        log += np.log(np.bincount(column, minlength=int(size)) / len(table) + 1e-12)[column]
    # Ties at random: the order of a file may be that of its people.
    order = np.lexsort((rng.random(len(table)), log))
    return np.sort(order[: min(count, len(table) // 4)])


def context_of_worlds(release: AuditedRelease, held: Synthetic, count: Count) -> Context:
    """The words of the section on shadow worlds."""
    game = release.game
    assert isinstance(game, Synthesis)
    promised = t("nothing") if release.promise is None else str(release.promise)
    failures = game.generator.failures if isinstance(game.generator, OfFunction) else []
    return Context(
        adversary=(
            t(
                "It had what made the file, held-out people, and made {n} files of its own with and without "
                "each person.",
                n=held.shadows,
            ),
            t("Who saw every number that was measured (noised-margins-lr) knew, besides, all other rows."),
        ),
        about={
            t("shadow worlds"): t(
                "{n} files were made from {rows} rows each on average; coins decided which of {people} "
                "people with unlikely rows were given",
                n=PLAYED,
                rows=count(game.group),
                people=count(len(game.asked if game.asked is not None else [])),
            ),
            t("generator"): held.mechanism or t("the function that was given"),
            t("promised"): promised,
        },
        notes=tuple(
            t("{n} worlds were skipped and made again: {why}.", n=len(failures), why=said(why))
            for why in failures[:1]
        ),
    )
