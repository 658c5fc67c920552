"""Settings of a release: which protections, and where to; its fields are flags of `confide protect`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, get_args

from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, Flag

Ids: TypeAlias = Literal["renumber", "keep"]
ONLY_SOME = ("epsilon", "key_file", "recipe", "recipe_out", "suppress")
"""Settings that some kinds of release take, and others have no use for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSettings:
    """What to write.

    Args:
        protections: A protection, NAME:SETTINGS. Repeatable: several are applied in the order given. With
            --find a name alone.
        out: The protected file, in the format of the original; of a folder of pictures a folder.
        force: Overwrite what stands there. A folder is replaced if it is empty, or as confide wrote it.
        rehearse: Draw noise and numbers from this seed. The result can be repeated and so is no release; by
            default they come from the operating system's cryptographic source.
        find: Search the weakest setting of the protection that keeps this limit, such as tpr@0.01<=0.05.
        until: Of a table: search the least change under which attacks, played on one half of the people, stay
            below these rates, such as linkage=0.05,inference=0.02. What is found is judged on the other
            half. --with then names methods, without a setting: local, mondrian, lattice.
        ids: Give people new random numbers in random order, or keep the ids of the original. Of pictures:
            give the files random numbers as names, or keep their names and sub-folders.
        key_out: Also write which original user or picture got which number. Anyone who has it can undo the
            numbering: keep it secret.
        epsilon: What all columns that are randomised by a recipe such as 'warner(sex) k-ary(region)' promise
            a person together.
        key_file: A file of 32 random bytes, for pseudonyms. It stands apart from what is released, and
            nobody but you can read it.
        recipe: The sidecar of an earlier release: do the same again, and verify it again.
        recipe_out: Also write a recipe with all values that the columns hold, so that next month's table gets
            the same groups and new values are named. The sidecar has only those that the release shows: keep
            this file secret.
        suppress: Of a table: the share of rows that local and lattice may suppress, as in local:10,0.05.

    Raises:
        DataError: if no protection is named, or a seed is below 0.
    """

    protections: Annotated[Sequence[str], Flag(group=GET, name="--with", metavar="NAME:SETTINGS")] = ()
    out: Annotated[Path, Flag(group=GET, metavar="FILE")]
    force: Annotated[bool, Flag(group=GET)] = False
    rehearse: Annotated[int | None, Flag(group=GET, metavar="SEED", least=0, most=2**128)] = None
    find: Annotated[str | None, Flag(group=GET, metavar="WHAT<=VALUE")] = None
    until: Annotated[str | None, Flag(group=GET, metavar="RATES")] = None
    ids: Annotated[Ids, Flag(group=GET)] = "renumber"
    key_out: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    epsilon: Annotated[float | None, Flag(group=GET)] = None
    key_file: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    recipe: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    recipe_out: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    suppress: Annotated[float | None, Flag(group=GET, metavar="SHARE", least=0, most=1)] = None

    def __post_init__(self) -> None:
        check_fields(self)
        object.__setattr__(self, "out", Path(self.out))  # a script may give text
        for name in ("key_out", "key_file", "recipe", "recipe_out"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, Path(getattr(self, name)))
        if not self.texts and self.recipe is None and self.until is None:
            raise DataError("no protection is named: say with what to protect, for example `--with rare:20`.")
        if not all(isinstance(text, str) for text in self.texts):
            raise DataError(f"{self.texts[0]!r} is no protection: write each by itself, such as 'rare:20'.")
        if self.ids not in get_args(Ids):
            raise DataError(f"ids is {self.ids!r}: say 'renumber' or 'keep'.")
        if self.find is not None and len(self.texts) > 1:
            raise DataError("--find searches the setting of one protection: give one `--with NAME`.")
        if self.find is not None and self.until is not None:
            raise DataError("--find and --until both search the protection: give one of them.")
        if self.key_out is not None and self.ids == "keep":
            raise DataError("--ids keep leaves people their ids: there is no key to write to --key-out.")
        if self.rehearse is not None and self.rehearse < 0:
            raise DataError(f"the seed is {self.rehearse}: give a whole number from 0 on.")

    @property
    def texts(self) -> tuple[str, ...]:
        """The protections in their order."""
        given = (self.protections,) if isinstance(self.protections, str) else self.protections
        return tuple(given)

    @property
    def text(self) -> str:
        """All of them as one protection, as `--protect` would have it."""
        return "+".join(self.texts)
