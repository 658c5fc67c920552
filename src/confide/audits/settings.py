"""Settings of an audit, the same for every kind of release; the fields are flags of every command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, TypedDict
from zlib import crc32

import numpy as np

from confide.audits.progress import Kind, Progress, Stage, Step, Track
from confide.audits.sources import Sources
from confide.core.arrays import Rng
from confide.core.cache import cache_folder
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, HOW, Flag
from confide.core.language import LANGUAGES, Language
from confide.core.nouns import AnyAttack
from confide.core.own_attack import check_written
from confide.core.play import Map
from confide.report import Limit
from confide.report.settling import never_exceeded
from confide.scale import processes

Audience: TypeAlias = Literal["internal", "public"]

MOST_JOBS = 1_024
"""Worker processes: each loads the whole package, and no machine has more cores."""


MOST_SEED = 2**128
"""As long as the entropy that numpy draws for a seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to audit, and for whom.

    Args:
        seed: The same seed gives the same evidence and report.
        attacks: Names of attacks, separated by commas, or 'all' (see `confide attacks`); by default those
            recommended for this kind of release.
        protect: Also audit the data behind this protection, NAME:SETTINGS, and compare. Repeatable.
        limits: Exit with code 1 if the risk is above this: tpr@0.01=0.05 (true positives where 1 % of the
            others are claimed too), auc=0.6, advantage=0.1 or epsilon=2; of synthetic files
            also utility (worse than shuffled columns). Repeatable.
        audience: Who will read the report: a public one has no rows, no ids and coarse counts.
        language: In which the report is written.
        show_rows: Print the tables that point at people here too; else they are in the files of the report
            alone.
        allow_unsettled: Exit with code 0 also where a limit is not settled; else only one that is surely
            kept passes.
        name: What to call the release in the report.
        share: Let others on this machine read the files that are written, as far as your umask does; by
            default only you can.
        cache: Where finished work is kept, so that an interrupted audit resumes; by default $CONFIDE_CACHE,
            or a folder in your cache.
        jobs: The number of worker processes.
        progress: Called with each stage (`confide.audits.progress.Stage`): what is being done, how much of
            the whole is done, and how long the rest will take.
        tell: Called with each warning as soon as it is known.
        command: What makes this report again, for its small print; by default the call in Python.
        sources: Which settings the command line gave and which a configuration file, for the small print.

    Raises:
        DataError: for a limit that cannot be read, an unknown audience or language, a seed or jobs
            out of range.
    """

    seed: Annotated[int, Flag(group=HOW, least=0, most=MOST_SEED)] = 7
    attacks: Annotated[str | Sequence[str | AnyAttack] | None, Flag(group=HOW, metavar="NAMES")] = None
    protect: Annotated[str | Sequence[str], Flag(group=HOW, metavar="NAME:SETTINGS")] = ()
    limits: Annotated[Sequence[str | Limit], Flag(group=GET, name="--limit", metavar="WHAT=VALUE")] = ()
    audience: Annotated[Audience, Flag(group=GET)] = "internal"
    language: Annotated[Language, Flag(group=GET)] = "en"
    show_rows: Annotated[bool, Flag(group=GET)] = False
    allow_unsettled: Annotated[bool, Flag(group=GET)] = False
    name: Annotated[str | None, Flag(group=GET)] = None
    share: Annotated[bool, Flag(group=GET)] = False
    cache: Annotated[Path | None, Flag(group=HOW, metavar="FOLDER")] = None
    jobs: Annotated[int, Flag(group=HOW, least=1, most=MOST_JOBS)] = 1
    progress: Annotated[Progress | None, Flag(python_only=True)] = None
    tell: Annotated[Callable[[str], object] | None, Flag(python_only=True)] = None
    command: Annotated[str | None, Flag(python_only=True)] = None
    sources: Annotated[Sources | None, Flag(python_only=True)] = None

    def __post_init__(self) -> None:
        for attack in (self.attacks,) if not isinstance(self.attacks, list | tuple) else self.attacks:
            if isinstance(attack, type):
                check_written(attack)  # its sentence says more than one on types
        check_fields(self)
        for limit in self.parsed_limits:  # what cannot be read is said before any work
            if why := never_exceeded(limit):
                raise DataError(f"{why}, so that it would let everything pass: set a lower limit.")
        if self.audience not in ("internal", "public"):
            raise DataError(f"the audience is {self.audience!r}: choose internal or public.")
        if self.language not in LANGUAGES:
            raise DataError(f"the language is {self.language!r}: choose {', '.join(LANGUAGES)}.")
        if self.audience == "public" and self.show_rows:
            raise DataError(
                "a public report has no rows to show: leave out --show-rows, or --audience public."
            )
        if self.seed < 0:
            raise DataError(f"the seed is {self.seed}: give a whole number from 0 on.")
        if not 1 <= self.jobs <= MOST_JOBS:
            raise DataError(f"jobs is {self.jobs:,}: give 1 to {MOST_JOBS:,} worker processes.")

    def rng(self, *name: str | int) -> Rng:
        """The random stream of this name: another name gives other, independent numbers."""
        # crc32 and not `hash`, which differs from one process to the next.
        parts = [part if isinstance(part, int) else crc32(part.encode()) for part in name]
        return np.random.default_rng([self.seed, *parts])

    def watched(self) -> Settings:
        """The same settings, in which `progress` also hears how much is done and left."""
        if self.progress is None or isinstance(self.progress, Track):
            return self
        return replace(self, progress=Track(self.progress))

    def at(self, kind: Kind, what: str = "", *, part: float = 0.0, kept: bool = False) -> None:
        """Tell `progress`, if there is one, what is being done now."""
        if self.progress is not None:
            self.progress(Stage(kind=kind, what=what, part=part, kept=kept))

    def expect(self, steps: Sequence[Step], *, rest: float = 0.0) -> None:
        """Foretell steps to `progress`, and how long further ones take together."""
        if isinstance(self.progress, Track):
            self.progress.expect(steps, rest=rest)

    def say(self, warning: str) -> None:
        """Pass a warning on to `tell`, if there is one."""
        if self.tell is not None:
            self.tell(warning)

    @property
    def parsed_limits(self) -> tuple[Limit, ...]:
        """The limits, read."""
        given = (self.limits,) if isinstance(self.limits, str) else self.limits
        return tuple(Limit.parse(limit) if isinstance(limit, str) else limit for limit in given)

    @property
    def protections(self) -> tuple[str, ...]:
        """What is written after `--protect`, each once."""
        given = (self.protect,) if isinstance(self.protect, str) else self.protect
        # The same protection twice would be two releases of one name.
        return tuple(dict.fromkeys(given))

    @property
    def folder(self) -> Path:
        """Where finished work is kept."""
        return cache_folder() if self.cache is None else Path(self.cache)  # a script may give text

    @property
    def map(self) -> Map:
        """How worlds and reference models are spread: one after another, or over worker processes."""
        # One job runs in this process: starting a worker would cost more than it brings.
        return map if self.jobs == 1 else processes(self.jobs)


class SettingsGiven(TypedDict, total=False):
    """The fields of `Settings` as keywords of `confide.audit`; a test holds the two together."""

    seed: int
    attacks: str | Sequence[str | AnyAttack] | None
    protect: str | Sequence[str]
    limits: Sequence[str | Limit]
    audience: Audience
    language: Language
    show_rows: bool
    allow_unsettled: bool
    name: str | None
    share: bool
    cache: Path | None
    jobs: int
    progress: Progress | None
    tell: Callable[[str], object] | None
    command: str | None
    sources: Sources | None
