"""A release, whatever it is: read, protect, write, verify, audit, say. No kind of release is named here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np

from confide.audits.outcome import Audit
from confide.audits.protections import parse_protections
from confide.audits.provenance import call_in_words, provenance
from confide.audits.run import audit_subject
from confide.audits.settings import Settings
from confide.core.arrays import Ints, Rng
from confide.core.claims import Claim, Verifiable
from confide.core.drafts import draft_of
from confide.core.errors import DataError
from confide.core.language import t
from confide.core.nouns import AnyMechanism, Outcome, Rehearsal, Release
from confide.inputs.folders import digest_of
from confide.inputs.sidecar import Sidecar, protections_of
from confide.mechanisms.in_order import steps_of
from confide.mechanisms.noise.secure import secure_uniform
from confide.mechanisms.noise.source import Noise
from confide.releases.find import weakest
from confide.releases.inputs import Inputs
from confide.releases.settings import ONLY_SOME, ReleaseSettings
from confide.releases.spec import (
    Releasable,
    ReleaseSpec,
    Searched,
    TakesSettings,
    Tells,
    View,
    bound_to,
    held_open,
    kept_at_once,
)
from confide.releases.written import (
    Written,
    check_apart,
    check_place,
    keep_rehearsal,
    publish,
    written_key,
    written_recipe,
)
from confide.report import Decision, Redaction


def protect(spec: ReleaseSpec, held: object, *, release: ReleaseSettings, settings: Settings) -> Written:
    """Write the protected data in the user's own format, verify what is claimed of them, and audit them.

    Args:
        spec: of the kind of release.
        held: the filled-in record of that kind, as an audit takes it.
        release: which protections, and where to.
        settings: of the audit of the written file.

    Raises:
        DataError: for a place or protection that cannot be, an input that changed while it was read, or a
            written file that is not what it should be. Then nothing is left on disk.
        ConfideError: as an audit raises.
    """
    _refuse_idle(spec, release)
    held, release = spec.prepare(held, release)
    plain = replace(settings, protect=(), name=settings.name or release.out.name)
    spec.audit.check(plain)
    if release.find is None and release.until is None:
        parse_protections([release.text], spec.audit.protections)
    inputs = Inputs.of(held)
    made = provenance(
        spec.audit.name,
        held,
        replace(settings, command=settings.command or _call(held, release, settings)),
        digest=inputs.digests.__getitem__,
    )
    with held_open(spec.read(held)) as data:
        done = _protected(spec, inputs, data, release=release, settings=settings, plain=plain)
    return replace(done, audit=replace(done.audit, made=made))


def _call(held: object, release: ReleaseSettings, settings: Settings) -> str:
    """The call in Python that makes the same release."""
    asked = {"find": release.find, "until": release.until, "rehearse": release.rehearse}
    more = "".join(f", {name}={value!r}" for name, value in asked.items() if value is not None)
    protections = "".join(f", {text!r}" for text in release.texts)
    said = call_in_words(held, settings, before=f"{protections}, out={str(release.out)!r}{more}")
    return said.replace("confide.audit", "confide.protect", 1)


def _protected(
    spec: ReleaseSpec,
    inputs: Inputs,
    data: Releasable,
    *,
    release: ReleaseSettings,
    settings: Settings,
    plain: Settings,
) -> Written:
    """What was read, protected.

    Args:
        plain: the settings of the audit of what is written.
    """
    texts = release.texts
    if isinstance(data, TakesSettings):
        data = data.with_settings(release)
    earlier = protections_of(data.source.path)
    own = tuple(path for path in (release.key_file, release.recipe) if path is not None)
    check_place(release.out, data.source, (*inputs.paths, *own), force=release.force)
    places = {"--key-out": release.key_out, "--recipe-out": release.recipe_out}
    check_apart(places, release.out, data.source, (*inputs.paths, *own), force=release.force)
    search = None
    if release.find is not None:
        search = weakest(
            spec.audit, data.subject(None, None, plain), texts[0], limit=release.find, settings=plain
        )
        texts = (search.text,)
        # the written file is held to the limit too: its noise is another draw than the search's
        plain = replace(plain, limits=(*plain.limits, release.find.replace("<=", "=")))
    least = None
    if release.until is not None:
        if spec.until is None:
            raise DataError(f"--until is for tables, and this is {spec.audit.name}: use --find.")
        least = spec.until(data, texts, release.until, plain)
        texts = tuple(least.text.split("+"))
    noise: Noise = "secure" if release.rehearse is None else "rehearsal"
    made = _made(spec, data, texts, noise)
    mechanism = made.mechanism
    applied, idle = _applied(made, data, release)
    view = applied.view
    told = data.notes(view, mechanism)
    numbers = _numbers(len(data.rows(mechanism)), release)
    # Anybody can count what is released; of the original the public sees two digits.
    redaction = Redaction(settings.audience)
    before = {name: redaction.count(n) for name, n in data.counts(data.given).items()}
    with kept_at_once(data, release.out), draft_of(release.out) as draft:
        data.write(view, numbers, draft)
        reread = data.reread(draft, numbers)
        verified = _verified(data, bound_to(data, made.asked), view, reread)
        found = audit_subject(spec.audit, data.subject(reread, made.rehearsed, plain), settings=plain)
        if search is not None:
            found = search.drawn_in(found)
        if least is not None:
            found = decided(least, least.drawn_in(found), settings)
        sidecar = Sidecar(
            kind=spec.audit.name,
            protections=made.texts,
            settings=tuple(repr(step) for step in steps_of(mechanism)),
            noise=_source_of_noise(applied, mechanism),
            promise=None if applied.budget is None else str(applied.budget),
            ids="kept" if numbers is None else "renumbered",
            before={name: n for name, n in before.items() if n is not None},
            after=data.counts(reread),
            left_out=(*data.source.unread, *data.dropped(view)),
            verified=tuple(claim.text for claim in verified),
            found="\n".join(found.headlines),
            verdict=found.verdict,
            sha256=digest_of(draft),
        )
        whole = sidecar
        if isinstance(data, Tells):
            bound = bound_to(data, mechanism)
            whole = replace(sidecar, bound=data.told(bound, reread, apart=True))
            sidecar = replace(sidecar, bound=data.told(bound, reread, apart=False))
        with ExitStack() as apart:
            if release.key_out is not None and numbers is not None:
                pairs = data.key(numbers, mechanism)
                apart.enter_context(written_key(pairs, release.key_out, named=spec.named))
            if release.recipe_out is not None:
                apart.enter_context(written_recipe(whole, release.recipe_out))
            inputs.refuse_changed()
            if isinstance(applied, Rehearsal):
                keep_rehearsal(applied, draft, release.out, sidecar, shared=settings.share)
            else:
                publish(applied, draft, release.out, sidecar, shared=settings.share)
    kept = (spec.kept,) if release.ids == "keep" else ()
    # The first ones count people.
    searched = () if least is None else least.notes(public=redaction.public)
    notes = (*(() if redaction.public else told), *_notes(data, idle, made, release, earlier), *kept)
    return Written(out=release.out, sidecar=sidecar, audit=found, notes=(*searched, *notes))


def decided(least: Searched, found: Audit, settings: Settings) -> Audit:
    """The audit, which fails too where a rate that was searched for does not hold about other people."""
    if least.missed:
        why = t("A rate that was searched for is not kept on people who chose nothing.")
    elif least.unsure and not settings.allow_unsettled:
        why = t("Whether a rate that was searched for is kept on people who chose nothing is not settled.")
    else:
        return found
    return replace(found, decision=Decision(sentence=why, exit_code=1))


def _refuse_idle(spec: ReleaseSpec, release: ReleaseSettings) -> None:
    """Refuse settings that say nothing about this kind of release."""
    for field in fields(release):
        idle = field.name in ONLY_SOME and field.name not in spec.takes
        if idle and getattr(release, field.name) != field.default:
            raise DataError(f"{field.name} says nothing about {spec.audit.name}: leave it out.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """How a release is made.

    Args:
        texts: all protections, those that reading applied first.
        said: what the user asked for, as one protection.
        asked: the mechanism of that alone, whose claims are verified.
        mechanism: all of it.
        rehearsed: the same with noise from a seed, as the adversary of an audit draws it.
    """

    texts: tuple[str, ...]
    said: str
    asked: AnyMechanism
    mechanism: AnyMechanism
    rehearsed: AnyMechanism


def _made(spec: ReleaseSpec, data: Releasable, texts: tuple[str, ...], noise: Noise) -> _Made:
    said, every = "+".join(texts), (*data.as_read, *texts)
    text, known = "+".join(every), spec.audit.protections
    made = parse_protections([said, text], known, noise=noise)
    rehearsed = parse_protections([text], known)[text]
    return _Made(texts=every, said=said, asked=made[said], mechanism=made[text], rehearsed=rehearsed)


def _applied(
    made: _Made, data: Releasable, release: ReleaseSettings
) -> tuple[Outcome[View], tuple[str, ...]]:
    """The release or rehearsal, and those of the protections asked for that changed nothing."""
    view, idle = data.given, list[str]()
    # People's new numbers come from the seed too, even where no noise is drawn.
    rehearsed = release.rehearse is not None
    mechanism = bound_to(data, made.mechanism)
    steps, names = steps_of(mechanism), "+".join(made.texts).split("+")
    for step, name, rng in zip(steps, names, _rng(release, "noise").spawn(len(steps)), strict=True):
        drawn = step(view, rng=rng)
        before, view, rehearsed = view, drawn.view, rehearsed or isinstance(drawn, Rehearsal)
        if not len(view):
            raise DataError(f"{name} leaves nothing of the records: protect them less.")
        if step.budget is None and data.same(view, before).holds:
            idle.append(name)
    kind = Rehearsal if rehearsed else Release
    applied = kind(view, mechanism.budget, "+".join(made.texts))
    return applied, tuple(name for name in idle if name in made.said.split("+"))


def _rng(release: ReleaseSettings, name: str) -> Rng:
    """A seeded generator for a rehearsal; a release draws its noise elsewhere, and this one is never used."""
    seed = 0 if release.rehearse is None else release.rehearse
    return np.random.default_rng([seed, *name.encode()])


def _numbers(rows: int, release: ReleaseSettings) -> Ints | None:
    """A random number from 1 on for each row of the release; None where the ids are kept."""
    if release.ids == "keep":
        return None
    secret = secure_uniform(rows) if release.rehearse is None else _rng(release, "numbers").random(rows)
    return np.argsort(np.argsort(secret, kind="stable"), kind="stable") + 1


def _verified(data: Releasable, mechanism: AnyMechanism, view: View, reread: View) -> tuple[Claim, ...]:
    """What was checked on the written file.

    Raises:
        DataError: if something is not as it should be.
    """
    own = mechanism.claims(reread) if isinstance(mechanism, Verifiable) else ()
    claims = (data.same(view, reread), *own)
    for claim in claims:
        if not claim.holds:
            raise DataError(
                f"the written file was read again, and it is not true that {claim.text}: nothing was kept. "
                "Of several protections a later one may undo an earlier one: change their order."
            )
    return claims


def _source_of_noise(
    applied: Outcome[View], mechanism: AnyMechanism
) -> Literal["secure", "rehearsed", "none"]:
    if isinstance(applied, Rehearsal):
        return "rehearsed"
    return "secure" if any(hasattr(step, "noise") for step in steps_of(mechanism)) else "none"


def _notes(
    data: Releasable,
    idle: Sequence[str],
    made: _Made,
    release: ReleaseSettings,
    earlier: Sequence[str],
) -> tuple[str, ...]:
    """What the user should know of the written file, a sentence each."""
    unread = data.source.unread
    beyond = f" beyond {' and '.join(data.as_read)}" if data.as_read else ""
    said = (
        (f"{' and '.join(idle)} changed nothing in these records{beyond}.", bool(idle)),
        (f"Left out, since the audit did not look at them: {', '.join(unread)}.", bool(unread)),
        (
            f"{data.source.path} is itself protected ({', '.join(earlier)}): its promises add up with those "
            "of this release, and the new sidecar names only what was done now.",
            bool(earlier),
        ),
        (
            f"{release.recipe_out} names values that the release hides: keep it secret.",
            release.recipe_out is not None,
        ),
        (
            "Noise and new numbers come from a seed: this is a rehearsal. Do not publish it.",
            release.rehearse is not None,
        ),
        (
            "The setting was chosen by looking at the data, and the promise does not cover that choice.",
            (release.find or release.until) is not None and made.mechanism.budget is not None,
        ),
    )
    return tuple(line for line, so in said if so)
