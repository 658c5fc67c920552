"""What an audit of a model will take, foretold from short trials of its own steps on a few of the records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from confide.attacks import membership
from confide.audits.model.games import split
from confide.audits.model.references import parts_for, trial_learner
from confide.audits.model.sampling import questions
from confide.audits.model.trials import both_sides, clocked, growth_of, stand_in
from confide.audits.planning import Cost, Forecast, Span
from confide.audits.settings import Settings
from confide.core.access import BlackBox
from confide.core.arrays import Ints
from confide.core.errors import AccessError, ConfideError, EvidenceError, KnowledgeError
from confide.core.evidence import Evidence
from confide.core.nouns import AnyAttack
from confide.core.play import play
from confide.inputs.model_data import ModelData
from confide.learners.learner import Learner
from confide.measure import measure
from confide.models.content import bytes_of

SIZES = (1_000, 4_000)
"""Records of the two trials of a step, by which its fixed cost and its growth are told apart."""
MOST = 4.0
"""Seconds after which a step is not tried with more records."""
SHORT = 0.4
"""A training that takes this many seconds is long enough to foretell longer ones from."""
SURE, UNSURE = 1.4, 2.0
"""By what factor a time may be wrong: of steps that were tried, and of those that are far from the trial."""


def foretold(data: ModelData, asked: Sequence[AnyAttack], settings: Settings) -> Forecast:
    """Foretell the steps of an audit of this model.

    Each attack is tried on a few of the records, with stand-ins for the references: noisy copies of the
    model's own answers. References are trained on a few records. Both are tried at two sizes, and carried on
    from there.

    Args:
        data: the model and its records, read.
        asked: the attacks that were chosen, `default` among them.
        settings: of the audit.
    """
    count = data.held.references if isinstance(data.view, BlackBox) else 0
    n = len(data.targets)
    costs = [
        Cost(kind="reading", what="", asked=n, queries=_queries(data), seconds=Span.about(data.seconds, 1.2))
    ]
    notes: list[str] = []
    if count:
        trained, why = _training(data, count, settings)
        notes += [why] if why else []
        costs.append(
            Cost(kind="references", what=f"({count})", asked=round(n * _share(data, count)), seconds=trained)
        )
    costly, some = split(data, asked, settings)
    for attack in asked:
        if isinstance(attack, membership.Default):
            notes.append(_choice(data, count))
        people = len(some) if some is not None and attack in costly else n
        seconds, why = _attack(attack, data, count, people, settings)
        notes += [why] if why else []
        costs.append(
            Cost(
                kind="attack",
                what=attack.name,
                asked=people,
                queries=questions(attack) * people if questions(attack) > 1 else 0,
                seconds=seconds,
            )
        )
    costs += _report(n, len(asked))
    return Forecast(costs=tuple(costs), memory=_memory(data, count), notes=tuple(notes))


def _choice(data: ModelData, count: int) -> str:
    """What `default` stands for: the report has only the name of what it chooses."""
    population = 0 if data.population is None else len(data.population)
    rivals = membership.rivals_of(references=count, population=population)
    names = list(dict.fromkeys(attack.name for attack in rivals))
    if len(names) == 1:
        return f"default: {names[0]}, and the report calls it so."
    return (
        f"default: the strongest of {', '.join(names[:-1])} and {names[-1]}, chosen on references whose "
        "members are known; the report has it by that name."
    )


def _queries(data: ModelData) -> int:
    population = 0 if data.population is None else len(data.population)
    return len(data.targets) + population


def _sizes(n: int) -> list[int]:
    """The numbers of records of the trials."""
    return sorted({min(size, n) for size in SIZES})


def _share(data: ModelData, count: int) -> float:
    """The share of the records that trains each reference."""
    parts = parts_for(data.member, count)
    return 1 - 1 / parts


def _attack(
    attack: AnyAttack, data: ModelData, count: int, people: int, settings: Settings
) -> tuple[Span | None, str]:
    """What an attack takes, tried at two sizes; nothing, and why, where it does not play."""
    each = questions(attack)
    if each > 1 and hasattr(data.asked, "queries"):
        return None, f"{attack.name} is not foretold: the model counts what a trial would ask."
    times: list[tuple[int, float]] = []
    for size in _sizes(people):
        if times and times[-1][1] > MOST:
            break
        # As many questions as other attacks have records: the model may be slow.
        trial = stand_in(data, max(size // each, 20), count, rng=settings.rng("foretelling"))
        try:
            seconds = clocked(lambda trial=trial: play(trial, attack, worlds=1, rng=settings.rng("worlds")))
        except (AccessError, KnowledgeError) as why:
            return Span(low=0.0, high=0.0), f"Not played: {why}"
        except EvidenceError as why:  # perhaps on so few alone
            return None, f"{attack.name} is not foretold: {why}"
        times.append((len(trial.targets), seconds))
    grown = growth_of(times)(people)
    return Span.about(grown, SURE if grown < 10 * times[-1][1] else UNSURE), ""


def _training(data: ModelData, count: int, settings: Settings) -> tuple[Span | None, str]:
    """What training the references takes, from trainings on few records; why not, where nobody can say."""
    n, times = round(len(data.targets) * _share(data, count)), list[tuple[int, float]]()
    first = loaded = 0.0
    size, more, factor = min(SIZES[0], n), 1.0, SURE
    while True:
        few = both_sides(data, size)
        made: list[Learner | None] = []
        try:
            making = clocked(
                lambda few=few, made=made: made.append(trial_learner(data, few, settings=settings))
            )
            learner = made[0]
            if learner is None:
                return Span(low=0.0, high=0.0), ""
            if not times:  # what is loaded by the first training is loaded once
                first = _fitting(learner, data, few, settings)
            times.append((size, _fitting(learner, data, few, settings)))
        except ConfideError as why:
            return None, f"Training is not foretold, since it fails on {size:,} of the records: {why}"
        if _epochs(learner) is None:
            loaded = max(loaded, making)
        else:
            # The search for the number of epochs trains one model more, on as many records.
            more, factor = _epochs_on(n, learner, size) * (count + 1) / count, UNSURE
        if size >= n or times[-1][1] > SHORT or making > MOST:
            break
        size = min(2 * size, n)
    grown = growth_of(times[-2:], most_power=1.5)(n)
    loaded += max(first - times[0][1], 0.0)
    return Span.about(loaded + grown * count * more, factor if size < n else SURE), ""


def _fitting(learner: Learner, data: ModelData, few: Ints, settings: Settings) -> float:
    records = data.targets.take(few)
    return clocked(lambda: learner.fit(records, rng=settings.rng("foretelling")))


def _epochs(learner: Any) -> int | None:
    """How many times the training of a network passes over its records; None for other learners."""
    epochs = getattr(learner, "epochs", None) or getattr(getattr(learner, "inner", None), "epochs", None)
    return epochs if isinstance(epochs, int) else None


def _epochs_on(n: int, learner: Learner, size: int) -> float:
    """How many times fewer epochs training takes on n records than on a few.

    Between as many epochs (a network that learns its records by heart) and as many steps (one that learns
    what all records have in common): the geometric mean.
    """
    epochs = _epochs(learner) or 1
    fewer = max(size / n, 1 / epochs) ** 0.5
    return max(fewer, 1 / epochs)


def _report(n: int, attacks: int) -> list[Cost]:
    """Measuring, tried on made-up scores, and what is drawn and written of them."""
    rng = np.random.default_rng(0)
    times: list[tuple[int, float]] = []
    for size in _sizes(n):
        made = Evidence.of(np.arange(size) % 2 == 0, rng.standard_normal(size))
        times.append((size, clocked(lambda made=made: measure(made))))
    each = growth_of(times, most_power=1.1)(n)
    # A page is drawn from curves of a fixed size; the rows are written once.
    unit = times[0][1]
    return [
        Cost(kind="measuring", what="", asked=n, seconds=Span.about(each * (attacks + 1), SURE)),
        Cost(kind="exhibits", what="", seconds=Span.about(unit + 0.1 * each, UNSURE)),
        Cost(kind="drawing", what="", seconds=Span.about(4 * unit + 0.3 * each, UNSURE)),
    ]


def _memory(data: ModelData, count: int) -> Span:
    """Bytes beside the model and the records as they were given."""
    x = data.targets.x
    records = x.nbytes if isinstance(x, np.ndarray) else x.estimated_size()
    answers = len(data.targets) * (count + 1) * (4 * data.class_count + 8)
    # Both sides are copied to put them together and in order; attacks hold tables of a number for each
    # reference and record.
    tables = 8 * 8 * len(data.targets) * (count + 1)
    # References are as large as the model. Some kinds, as forests, need more while they are trained.
    models = count * bytes_of(data.asked)
    least = records + answers + models
    return Span(low=100e6 + least, high=250e6 + least + 2 * records + 2 * models + tables)
