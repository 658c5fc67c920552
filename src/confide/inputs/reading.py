"""Reading of a file as the user says it: its separator, decimal sign, and form and zone of times."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from confide.core.errors import DataError
from confide.core.flags import HOLD, Flag

Separator: TypeAlias = Annotated[str | None, Flag(group=HOLD, metavar="CHARACTER")]
"""What stands between the values of a csv file."""
Decimal: TypeAlias = Annotated[str | None, Flag(group=HOLD, metavar="SIGN")]
"""The decimal sign of a csv file."""
TimeFormat: TypeAlias = Annotated[str | None, Flag(group=HOLD, metavar="FORMAT")]
"""How times are written."""
TimeZone: TypeAlias = Annotated[str | None, Flag(group=HOLD, metavar="ZONE")]
"""The zone of times that name none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a user says about the tables of one audit. What is None is recognised.

    Args:
        separator: between the values of a csv file: one character, or the word tab.
        decimal: of the numbers in a csv file: a point or a comma.
        time_format: of the times, such as %d.%m.%Y %H:%M; or s, ms, us or ns since 1970.
        time_zone: of times that name none, such as Europe/Berlin.

    Raises:
        DataError: for something else.
    """

    separator: str | None = None
    decimal: str | None = None
    time_format: str | None = None
    time_zone: str | None = None

    def __post_init__(self) -> None:
        if self.separator in ("tab", "\\t"):
            object.__setattr__(self, "separator", "\t")  # a shell makes a real tab hard to write
        sep = self.separator
        if sep is not None and (not isinstance(sep, str) or len(sep.encode()) != 1 or sep in '"\r\n'):
            raise DataError(f"the separator is {sep!r}: give one character, such as ; or the word tab.")
        if self.decimal not in (None, ".", ","):
            raise DataError(f"the decimal sign is {self.decimal!r}: give . or a comma.")
        if self.decimal is not None and self.decimal == self.separator:
            raise DataError(f"{self.decimal!r} cannot be both the separator and the decimal sign.")
        self._check_times()

    def _check_times(self) -> None:
        form = self.time_format
        if form is not None and form not in ("s", "ms", "us", "ns") and "%" not in str(form):
            raise DataError(
                f"the format of times is {form!r}: write it like %d.%m.%Y %H:%M, or s, ms, us or ns for "
                "numbers that count from 1970."
            )
        if self.time_zone is not None:
            try:
                ZoneInfo(self.time_zone)
            except (ValueError, OSError, TypeError, KeyError) as error:
                raise DataError(
                    f"there is no time zone {self.time_zone!r}: give one such as Europe/Berlin or UTC."
                ) from error


def reading_of(held: object) -> Reading:
    """The reading that a record of settings says; what it has no field for is recognised.

    Raises:
        DataError: as `Reading`.
    """
    return Reading(**{field.name: getattr(held, field.name, None) for field in fields(Reading)})
