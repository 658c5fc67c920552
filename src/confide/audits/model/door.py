"""You hold a trained model: can an outsider tell whose records trained it?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from confide.attacks.blind import Blind
from confide.audits.model.access import parse_access
from confide.audits.model.access_table import ladder
from confide.audits.model.attacks import attack_all, choose
from confide.audits.model.context import about, adversary, coverage_of, warnings_on
from confide.audits.model.gradient_norms import over_training
from confide.audits.model.references import Progress, train_references
from confide.audits.model.subject import prepare
from confide.audits.outcome import Audit, conclude, parse_audience, parse_limits
from confide.core.access import Task
from confide.core.cache import cache_folder
from confide.core.errors import DataError
from confide.games.membership.models import TrainedModel
from confide.knowledge.models import Background
from confide.report import Limit
from confide.scale import processes


def model(
    model: Any,
    *,
    members: Any,
    nonmembers: Any,
    seed: int,
    population: Any = None,
    label: str | None = None,
    task: Task | None = None,
    references: int = 16,
    train: Any = None,
    attacks: str | Sequence[Any] | None = None,
    access: str | None = None,
    weights: Any = None,
    checkpoints: Sequence[Any] = (),
    trained_on: int | None = None,
    limits: Sequence[str | Limit] = (),
    audience: str = "internal",
    strict: bool = False,
    jobs: int = 1,
    cache: Path | None = None,
    allow_overlap: bool = False,
    name: str | None = None,
    harm: str = "",
    progress: Progress | None = None,
    tell: Callable[[str], object] | None = None,
) -> Audit:
    """Audit a trained model: membership inference, strong and calibrated, with a report.

    The adversary can query the model, knows people's records, and trains reference models by the same
    recipe. He is to say who was among the training records. He is judged by how much more often he
    claims members than non-members.

    Args:
        model: an estimator, an `nn.Module`, a `predict(X)` callable, a view, or a text: 'pkg.module:name',
            'model.onnx', 'model.skops'.
        members: records that trained it: (X, y), Records, a frame with a `label` column, or a file.
        nonmembers: records from the same distribution that did not.
        seed: the same seed gives the same evidence and report.
        population: further such records that did not train it; they calibrate and are never scored.
        label: the label's column where records are tables.
        task: 'classification' or 'regression', where the model and the labels do not tell.
        references: how many reference models to train; 0 for none.
        train: `train(X, y, *, rng) -> model`, the target's recipe. Without it an estimator is cloned and a
            module re-initialised and trained by a stated default.
        attacks: names, attack objects, 'all', or None for the usual ones.
        access: what will be published. 'white-box': the model with its parameters; the attacks on these are
            played too, and the report says what each kind of access gives. 'black-box', 'label-only': its
            scores, its decisions, even if the model that is given shows more. None: whatever it shows.
        weights: of the module: a .safetensors file, a state dict, or a module.
        checkpoints: earlier weights of the same training run that are published too, oldest first.
        trained_on: how many records trained the model in all, which says how many of them are audited.
        limits: such as 'tpr@0.01=0.05'; they decide the verdict.
        audience: 'internal' (rows and ids) or 'public' (neither).
        strict: let an inconclusive verdict fail.
        jobs: worker processes for training references.
        cache: where trained references are kept; an interrupted audit resumes from there. By default a
            `confide` folder in the user's cache, or $CONFIDE_CACHE.
        allow_overlap: leave records that stand on both sides out, instead of refusing them.
        name: what to call the model in the report.
        harm: what it tells about a person that he is in the data, for the report: one sentence.
        progress: called with (done, total) while references are trained.
        tell: called with each warning as soon as it is known: before anything is scored.

    Raises:
        DataError, ModelError: one sentence on what is wrong with the input and what to do.

    Source: Shokri, Stronati, Song, Shmatikov 2017; the attacks each name their own (`confide attacks`).
    """
    parse_limits(limits)  # what cannot be read is said before any work
    parse_audience(audience)
    chosen = choose(attacks, access=parse_access(access))
    checkpoints = [checkpoints] if isinstance(checkpoints, str | Path) else list(checkpoints)
    if checkpoints and access not in (None, "white-box"):
        raise DataError(
            f"checkpoints show the inside of a model, and the audit has {access} access: ask for "
            "white-box access, or leave them out."
        )
    if references < 0 or seed < 0:
        raise DataError(f"references is {references} and seed is {seed}: neither can be below 0.")
    subject = prepare(
        model,
        members=members,
        nonmembers=nonmembers,
        population=population,
        label=label,
        task=task,
        name=name,
        allow_overlap=allow_overlap,
        access=access,
        weights=weights,
        checkpoints=checkpoints,
        rng=np.random.default_rng([seed, 0]),
    )
    coverage = coverage_of(subject.listed, trained_on, public=audience == "public")
    pool = train_references(
        subject,
        count=references,
        train=train,
        rng=np.random.default_rng([seed, 1]),
        cache=cache_folder() if cache is None else cache,
        map=map if jobs == 1 else processes(jobs),
        progress=progress,
    )
    warnings = warnings_on(subject, pool, access, weights=weights)
    if tell is not None:
        for warning in warnings:
            tell(warning)
    game = TrainedModel(
        view=subject.view,
        targets=subject.targets,
        member=subject.member,
        background=Background(
            population=subject.population,
            references=pool.references,
            learner=pool.learner,
            classes=subject.class_count,
        ),
        told=0.5,  # to those alone who ask for it by their type: supervised attacks, the blind adversary
        informed=trained_on is None or trained_on <= subject.listed,  # likewise, if all the rest is listed
    )
    played = attack_all(game, chosen, seed=seed)
    blind = attack_all(game, [Blind()], seed=seed)
    return conclude(
        release=subject.name,
        played=played,
        blind=blind.evidence[0] if blind.evidence else None,
        more_skipped=blind.skipped,
        limits=limits,
        audience=audience,
        strict=strict,
        seed=seed,
        access=played.access,
        about=about(
            subject, played.access, weights=weights, checkpoints=checkpoints, public=audience == "public"
        ),
        adversary=adversary(pool, played, coverage, checkpoints=checkpoints),
        harm=harm,
        notes=() if audience == "public" else subject.notes,
        warnings=warnings,
        ladder=ladder(played, subject),
        over_training=over_training(subject, checkpoints),
    )
