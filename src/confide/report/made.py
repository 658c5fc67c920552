"""Provenance: where a report comes from, as sharply as its audience may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from confide.core.language import t
from confide.report.redaction import Redaction
from confide.report.screen_types import InputRecord, MadeRecord

COMMAND_LINE = "command line"
"""The origin of a setting that was given as a flag."""
SOME_FILE = "configuration file"
"""The origin of one that stood in a file, for the public: its name may say what is not theirs to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A file, a folder or an object in memory that an audit read.

    Args:
        role: the setting that it was given for.
        name: of the file.
        sha256: of its bytes, in hexadecimal; empty where there is none.
        why: the reason where there is none.
        published: is it what everybody gets? Then its sum tells nobody anything.
    """

    role: str
    name: str
    sha256: str
    why: str = ""
    published: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Where a report comes from.

    Args:
        date: in UTC, as ISO 8601 writes it.
        python, platform: of the machine.
        packages: the versions of what computes.
        inputs: what was read.
        command: what makes the report again, without secrets.
        told: the same for the public: without names of files, columns and values.
        settings: of every audit, which the public sees too.
        own: those of this kind of release, which may name files, columns or values.
        origins: setting -> where it was given: `COMMAND_LINE`, or the name of a file; defaults are left out.
    """

    date: str
    python: str
    platform: str
    packages: Mapping[str, str]
    inputs: tuple[Input, ...] = ()
    command: str = ""
    told: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)


def merged(each: Sequence[Made]) -> Made | None:
    """Where a report on several audits comes from: their inputs and commands, each once."""
    if not each:
        return None
    inputs = dict.fromkeys(one for made in each for one in made.inputs)
    commands, told = (dict.fromkeys(getattr(made, name) for made in each) for name in ("command", "told"))
    return replace(each[0], inputs=tuple(inputs), command="\n".join(commands), told="\n".join(told))


def made_record(made: Made, redaction: Redaction) -> MadeRecord:
    """Where a report comes from, for this audience.

    The sum of a file of people is not for the public: who knows all its rows but one could try values for
    that one, until the sum is right. What is published itself has no such secret.
    """
    public = redaction.public
    settings = dict(made.settings) if public else {**made.own, **made.settings}
    return {
        "date": made.date,
        "python": made.python,
        "platform": made.platform,
        "packages": dict(made.packages),
        "inputs": [_input(one, public=public) for one in made.inputs],
        "command": made.told if public else made.command,
        "settings": settings,
        "origins": {
            name: SOME_FILE if public and origin != COMMAND_LINE else origin
            for name, origin in made.origins.items()
            if name in settings
        },
    }


def _input(one: Input, *, public: bool) -> InputRecord:
    if not public:
        return {"role": one.role, "name": one.name, "sha256": one.sha256, "why": one.why}
    held_back = bool(one.sha256) and not one.published
    return {
        "role": one.role,
        "name": "",
        "sha256": "" if held_back else one.sha256,
        "why": t("not shown to the public") if held_back else one.why,
    }
