"""What one kind declares, so that `releases/run.py` can protect it; `releases/ratings.py` shows how."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from confide.audits.outcome import Audit
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Subject
from confide.core.arrays import Ints
from confide.core.claims import Claim
from confide.core.nouns import AnyMechanism
from confide.inputs.source import Origin
from confide.releases.settings import ReleaseSettings

View: TypeAlias = Any
"""A released view: `Interactions`, `Traces` or `Pictures`. Only the kind's own code looks inside."""


class Releasable(Protocol):
    """What the user holds, read and ready to be protected: what each kind writes for itself."""

    @property
    def source(self) -> Origin:
        """Where it came from, and in which form it is to be written."""
        ...

    @property
    def given(self) -> View:
        """What the mechanism is applied to, under the codes of the original."""
        ...

    @property
    def as_read(self) -> tuple[str, ...]:
        """What reading did to the records already, as protections: the sidecar names these first."""
        ...

    def rows(self, mechanism: AnyMechanism) -> Ints:
        """The person behind each row of a release of this mechanism, int64[rows]."""
        ...

    def write(self, view: View, numbers: Ints | None, path: Path) -> None:
        """Write a release in the original's format.

        Args:
            view: the release, under the codes of the original.
            numbers: int64[rows], the number that each row of the release gets; None keeps the original ids.
            path: of a draft; its suffix says nothing.
        """
        ...

    def reread(self, path: Path, numbers: Ints | None) -> View:
        """What a file that `write` wrote says, under the codes of the original again."""
        ...

    def same(self, view: View, reread: View) -> Claim:
        """Whether the written file says what was to be written."""
        ...

    def counts(self, view: View) -> Mapping[str, int]:
        """Rows, people and things, for the sidecar."""
        ...

    def key(self, numbers: Ints, mechanism: AnyMechanism) -> Sequence[tuple[str, int]]:
        """Each original id with a number that it got."""
        ...

    def dropped(self, view: View) -> Sequence[str]:
        """The columns that were read and that the protection has left out of a release."""
        ...

    def notes(self, view: View, mechanism: AnyMechanism) -> Sequence[str]:
        """What the user should know about a release by this mechanism, a sentence each.

        Raises:
            PromiseError: if the data are not of the unit that its promise speaks of.
        """
        ...

    def subject(self, reread: View | None, mechanism: AnyMechanism | None, settings: Settings) -> Subject:
        """The audit of the written file against the original, the adversary knowing the mechanism.

        Without a written file: the audit of the original as it is.
        """
        ...


@runtime_checkable
class Binds(Protocol):
    """What is read, where a mechanism needs facts about it that no user writes, such as hierarchies."""

    def bound(self, mechanism: AnyMechanism) -> AnyMechanism:
        """The mechanism with these facts."""
        ...


def bound_to(data: Releasable, mechanism: AnyMechanism) -> AnyMechanism:
    """The mechanism with what it needs to know of the data, where it needs anything."""
    return data.bound(mechanism) if isinstance(data, Binds) else mechanism


@runtime_checkable
class TakesSettings(Protocol):
    """What is read, where settings of the release say more about it than the record."""

    def with_settings(self, release: ReleaseSettings) -> Releasable:
        """The same with these settings.

        Raises:
            DataError: if they do not fit what was read.
        """
        ...


@runtime_checkable
class StaysOpen(Protocol):
    """What is read, where its rows stay in their file or database while it is protected."""

    def kept(self, out: Path) -> AbstractContextManager[None]:
        """Keep what was written in a database if the block ends well, and nothing of it otherwise."""
        ...

    def close(self) -> None:
        """Let go of the rows."""
        ...


@contextmanager
def held_open(data: Releasable) -> Generator[Releasable]:
    """What was read, as long as the block lasts."""
    try:
        yield data
    finally:
        if isinstance(data, StaysOpen):
            data.close()


def kept_at_once(data: Releasable, out: Path) -> AbstractContextManager[None]:
    """Keep what is written in a database together with the file `out`; of files nothing is to be done."""
    return data.kept(out) if isinstance(data, StaysOpen) else nullcontext()


@runtime_checkable
class Tells(Protocol):
    """What is read, where its sidecar says more than that of other kinds."""

    def told(self, mechanism: AnyMechanism, reread: Any, *, apart: bool) -> Mapping[str, Any]:
        """What a later release or an estimate needs to know.

        Args:
            mechanism: that made the release, bound.
            reread: what the written file says.
            apart: whether the user keeps it apart from the release, for themselves alone. Else it says no
                value that the release does not show.
        """
        ...


def as_given(held: Any, release: ReleaseSettings) -> tuple[Any, ReleaseSettings]:
    """The record and the settings as they are."""
    return held, release


class Searched(Protocol):
    """A protection that was searched for, so that attacks stay below stated rates."""

    @property
    def text(self) -> str:
        """The protection, as a user writes it."""
        ...

    @property
    def missed(self) -> Sequence[str]:
        """The rates that do not hold about people who chose nothing."""
        ...

    @property
    def unsure(self) -> Sequence[str]:
        """Those that hold, but not surely."""
        ...

    def notes(self, *, public: bool) -> Sequence[str]:
        """What the user should know of it, a sentence each."""
        ...

    def drawn_in(self, audit: Audit) -> Audit:
        """The audit of what is written, with what was tried among its exhibits."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSpec:
    """One kind of release that can be protected.

    Args:
        audit: the spec of its audit: record, protections, words.
        read: record -> what is to be protected.
        named: what an id names, for the columns of a key.
        kept: what the user should know of a release with the ids of the original.
        form: in which form it is written, for the help page.
        takes: those of `confide.releases.settings.ONLY_SOME` that mean something here.
        prepare: brings protections into the words of the audit's, and fills in what a recipe says.
        until: what is read, names of methods, rates as text, and settings of the audit -> the least change
            that keeps the rates; None where a kind has no such search.
    """

    audit: AuditSpec
    read: Callable[[Any], Releasable]
    named: str = "user"
    kept: str = "People have the ids of the original: an adversary that knows these ids needs no attack."
    form: str = (
        "The protected data keep the format of the original, and its columns in their order. Columns that "
        "the audit does not read are left out. People get new random numbers (--ids keep: they keep their "
        "ids)."
    )
    takes: tuple[str, ...] = ()
    prepare: Callable[[Any, ReleaseSettings], tuple[Any, ReleaseSettings]] = as_given
    until: Callable[[Any, Sequence[str], str, Settings], Searched] | None = None
