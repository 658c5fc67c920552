"""Rebuilding records, or their labels, from updates of single clients: games, words and exhibits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from confide.audits.collaboration.attacks import COUNTED, COUNTING, NAMING, REBUILDING, REBUILT
from confide.audits.collaboration.updates import read_updates
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.spec import Context, Count
from confide.core.arrays import Floats
from confide.core.errors import AccessError, KnowledgeError
from confide.core.language import keep, t
from confide.core.nouns import AnyAttack
from confide.core.who import standing, table_of
from confide.games.reconstruction.recorded_updates import Judging, RecordedUpdates
from confide.games.reconstruction.updates import BatchRecords, counted_by, rebuilt_by
from confide.inputs.collaboration_data import CollaborationData
from confide.knowledge.updates import KnownInputs
from confide.measure import proportion
from confide.measure.matching import Nearness
from confide.report import Exhibit, Skipped, Table
from confide.report.exhibits import Cell, Quantile

NEAR = 25.0
"""The PSNR of a reconstruction that counts as the record: it is off by about 6 % of the range."""
WORDS = KnowledgeError(keep("not played: the records are numbers, and it reads words from an embedding"))


def planned(data: CollaborationData, attacks: Sequence[AnyAttack]) -> tuple[list[PlannedGame], list[Skipped]]:
    """The games of rebuilding that this view allows, and the attacks that are not played, with reasons."""
    asked = [attack for attack in attacks if isinstance(attack, (*REBUILDING, *COUNTING))]
    named = [attack for attack in attacks if isinstance(attack, NAMING)]
    try:
        found = read_updates(data) if asked else None
    except (AccessError, KnowledgeError) as why:
        return [], [Skipped.because(attack.name, why) for attack in (*asked, *named)]
    skipped = [Skipped.because(attack.name, WORDS) for attack in named]
    if found is None:
        return [], skipped
    near = nearness_of(data)
    ways: list[tuple[str, tuple[type, ...], Judging]] = [
        (REBUILT, REBUILDING, partial(rebuilt_by, nearness=near)),
        (COUNTED, COUNTING, counted_by),
    ]
    games: list[PlannedGame] = []
    for goal, kinds, right in ways:
        playing = [attack for attack in asked if isinstance(attack, kinds)]
        if playing:
            game = RecordedUpdates(
                updates=tuple(one.view for one in found.each),
                batches=tuple(one.batch for one in found.each),
                numbers=found.numbers,
                controls=data.controls,
                known=KnownInputs(low=near.low, high=near.high, shape=np.shape(data.controls.x)[1:]),
                right=right,
            )
            promise = data.promised_to(*data.parties)
            games.append(
                PlannedGame(
                    game=game,
                    attacks=playing,
                    worlds=len(found.each),
                    alternatives=found.groups if len(found.groups) > 1 else (),
                    kept=False,
                    goal=goal,
                    promise=promise,
                )
            )
    return games, skipped


def nearness_of(data: CollaborationData) -> Nearness:
    """When a reconstruction is near enough: in the range of the controls, which are records of nobody."""
    x = np.asarray(data.controls.x, np.float64)
    low, high = float(x.min()), float(x.max())
    return Nearness(by="psnr", bound=NEAR, low=low, high=high if high > low else low + 1)


def context_of(data: CollaborationData, release: AuditedRelease, count: Count) -> Context:
    """What the report says beside the numbers."""
    found = read_updates(data)
    group = found.groups[release.chosen or 0]
    attacked = [found.each[k] for k in group]
    sizes, clients = [len(one.batch) for one in attacked], len({one.client for one in attacked})
    notes = (
        t(
            "Updates were read as one step of gradient descent on all records of the client, as the plan "
            "says they are."
        ),
        *([_labels_note()] if release.goal == COUNTED else [_near_note()]),
    )
    return Context(
        adversary=(
            t(
                "It saw the model of a round, and the update that a client made of it; it knew how many "
                "records are behind it, and the range of the features."
            ),
            t("It knew no record."),
        ),
        about={
            t("protocol"): data.protocol or t("not known: the run does not say"),
            t("updates of clients attacked"): t("{n} of {all}", n=count(clients), all=count(len(data.alone))),
            t("records behind an update"): t(
                "{least} to {most}", least=count(min(sizes)), most=count(max(sizes))
            ),
        },
        notes=notes,
        internal_notes=(
            t("Updates of: {clients}.", clients=", ".join(f"{one.client} ({one.round})" for one in attacked)),
        ),
        unsettled={
            t("a research attack that finds little"): t(
                "That these attacks rebuild no more records is no sign that the others are safe: nothing but "
                "a promise bounds what an update shows."
            )
        },
    )


def _near_note() -> str:
    return t(
        "A record counts as rebuilt if the reconstruction that is matched to it reaches a PSNR of {near:.0f} "
        "dB in the range of the features. Controls are held against the same reconstructions.",
        near=NEAR,
    )


def _labels_note() -> str:
    return t(
        "The claim is how many records of each label there are. Labels are few, so that counts fit controls "
        "as well: what is above them is what the update shows."
    )


def exhibits_of(data: CollaborationData, release: AuditedRelease) -> Sequence[Exhibit]:
    """How near the reconstructions come to records behind the updates, and to controls."""
    if release.goal == COUNTED:
        return ()
    near = nearness_of(data)
    rows: list[tuple[Cell, ...]] = []
    pictures = len(np.shape(data.controls.x)) == 4
    for evidence in release.evidence:
        attack = next(one for one in release.attacks if one.name == evidence.attack)
        for inside in (True, False):
            row = t(
                "{attack}, records behind the update" if inside else "{attack}, controls", attack=attack.name
            )
            likeness = _likeness(release, attack, near, inside)
            hit = int((likeness >= NEAR).sum())
            middle = float(np.median(likeness))
            cells: list[Cell] = [row, proportion(hit, len(likeness), confidence=0.95)]
            cells.append(Quantile(value=middle, beyond=len(likeness) // 2) if np.isfinite(middle) else None)
            if pictures:
                looks = _likeness(release, attack, _pictured(near, data), inside)
                cells.append(float(looks[np.isfinite(looks)].mean()) if np.isfinite(looks).any() else None)
            rows.append(tuple(cells))
    head = (t("claim"), t("near enough"), t("PSNR, median (dB)"), *([t("SSIM, mean")] if pictures else []))
    return (
        Table(
            title=t("How near the rebuilt records come"),
            reading=t(
                "Controls are records that nobody used, held against the same reconstructions: what they "
                "reach is chance, and knowledge of people in general."
            ),
            head=head,
            rows=tuple(rows),
            of=min(int(e.exposed.sum()) for e in release.evidence),
        ),
    )


def _pictured(near: Nearness, data: CollaborationData) -> Nearness:
    channels, height, width = np.asarray(data.controls.x).shape[1:]
    return Nearness(by="ssim", bound=0.5, low=near.low, high=near.high, shape=(channels * height, width))


def _likeness(release: AuditedRelease, attack: AnyAttack, near: Nearness, inside: bool) -> Floats:
    """The likeness of each record on one side, over all updates."""
    found: list[Floats] = []
    for world, claims in zip(release.counted, claims_of(release, attack), strict=True):
        secrets: BatchRecords = world.secrets
        side = world.exposed == inside
        truth = np.asarray(secrets.rows[side], np.float64).reshape(int(side.sum()), -1)
        found.append(near.of(claims[:, : truth.shape[1]], truth))
    return np.concatenate(found)


def claims_of(release: AuditedRelease, attack: AnyAttack) -> list[Floats]:
    """What the attack rebuilds of each update, with the same random numbers as when it was played."""

    # The evidence keeps whether a claim was near enough, and not the claim: records never stay on disk.
    def again() -> list[Any]:
        children = release.settings.rng("worlds").spawn(len(release.counted))
        values = [
            attack(world.case, rng=child.spawn(2)[1]).value
            for world, child in zip(release.counted, children, strict=True)
        ]
        # One set of records for all targets.
        return [value[0] for value in values if value is not None]

    return release.once(f"claims of {attack.name}", again)


def targets_of(data: CollaborationData) -> pl.DataFrame:
    """Whose record each target is: the client's rows, then the controls."""
    sizes = {one.client: len(one.batch) for one in read_updates(data).each}
    names = [client for client, size in sizes.items() for _ in range(size)]
    rows = np.concatenate([np.arange(1, size + 1) for size in sizes.values()])
    who = pl.concat([standing(names, row=rows), data.who_controls], how="diagonal")
    return table_of(np.arange(len(who)), who)
