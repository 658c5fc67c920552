"""Command-line options made from settings records: a field is an option, its docstring line the help."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

import click

from confide.cli.completing import completer_of
from confide.core.durations import in_time
from confide.core.errors import DataError
from confide.core.flags import GET, HOLD, HOW, KNOWS, Flag, Group
from confide.core.foreign import escaped
from confide.core.spark import is_spark_address

Hint: TypeAlias = Any
"""A type annotation as an object: Python has no type for these."""

PLAIN = Flag()
"""The flag of a field that has none."""
GROUPS: tuple[Group, ...] = (HOLD, KNOWS, HOW, GET)


IN_PYTHON = re.compile(r"; in Python .*?\.(?= |$)")
"""The end of a sentence that says what else Python takes: objects that no command line can give."""


class WholeNumber(click.ParamType):
    """A whole number in a range, with messages that say what to give instead."""

    name = "whole number"

    def __init__(self, least: int | None, most: int | None = None) -> None:
        self.least = least
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number.

        Raises:
            click.BadParameter: for anything else, and for a number that is too small or too large.
        """
        try:
            number = int(value)
        except ValueError:
            self.fail(f"{value!r:.40} is not a whole number: give one in digits, such as 1000.", param, ctx)
        if self.least is not None and number < self.least:
            self.fail(f"{number} is too small: give {self.least} or more.", param, ctx)
        if self.most is not None and number > self.most:
            self.fail(f"{number:,} is too large: give {self.most:,} at most.", param, ctx)
        return number


class FilePath(click.Path):
    """A file or folder; a name that no disk can hold is refused before anything looks for it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path.

        Raises:
            click.BadParameter: for a name with half a sign of UTF-16, or with a zero in it.
        """
        try:
            return super().convert(value, param, ctx)
        except ValueError:
            self.fail(f"no file can have the name {escaped(str(value), keep=()):.60}: check it.", param, ctx)


class Place(FilePath):
    """A file or folder; an address stays text: a path has no two slashes in a row, and is on no Spark."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, or the address."""
        away = isinstance(value, str) and ("://" in value or is_spark_address(value))
        return value if away else super().convert(value, param, ctx)


class KindGroup(click.Group):
    """A command with a subcommand for each kind of release, made when it is asked for.

    Args:
        kinds: in the order in which they are documented.
        command_of: kind -> command. Importing all kinds at once would make every command slow to start.
    """

    def __init__(
        self,
        *args: Any,
        kinds: Sequence[str],
        command_of: Callable[[str], click.Command],
        **attributes: Any,
    ) -> None:
        super().__init__(*args, subcommand_metavar="KIND ...", **attributes)
        self.kinds = kinds
        self.command_of = command_of

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The kinds."""
        return list(self.kinds)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The command of a kind.

        Raises:
            click.UsageError: for a word that is no kind.
        """
        if cmd_name not in self.kinds:
            can = ", ".join(self.kinds)
            raise click.UsageError(f"{self.name} takes no {cmd_name!r}: choose one of {can}.", ctx)
        return self.command_of(cmd_name)


class GroupedOption(click.Option):
    """An option that knows under which heading the help lists it, and whether a function reads its text."""

    def __init__(self, *args: Any, group: Group = GET, parsed: bool = False, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.group: Group = group
        self.parsed = parsed


class GroupedArgument(click.Argument):
    """A value given by its place, with a line in the help like an option's."""

    group: Group = HOLD

    def __init__(self, *args: Any, help: str, **attributes: Any) -> None:  # noqa: A002 - click's word
        super().__init__(*args, **attributes)
        self.said = help

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """Its name in capitals, and what it is."""
        return self.make_metavar(ctx), self.said


class GroupedCommand(click.Command):
    """A command whose help lists its options under headings: what is held, known, done and got."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of each group under its name, and the rest last."""
        listed: dict[str, list[tuple[str, str]]] = {group: [] for group in GROUPS}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                listed.setdefault(getattr(parameter, "group", "Help"), []).append(record)
        for heading, rows in listed.items():
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


def options_of(record: type) -> list[click.Parameter]:
    """The arguments and options of a command that asks for this record, in the order of its fields."""
    hints, helps = get_type_hints(record, include_extras=True), _helps(record)
    # In the order of the record: its author put first what comes first to mind.
    made = [_parameter(f, hints[f.name], helps.get(f.name, "")) for f in fields(record)]
    return [parameter for parameter in made if parameter is not None]


def is_parsed(parameter: click.Parameter) -> bool:
    """Whether a function of the field's flag reads its text."""
    return isinstance(parameter, GroupedOption) and parameter.parsed


def filled(record: Callable[..., object], given: Mapping[str, object]) -> object:
    """The record, from what the command line gave; what was not given keeps its default."""
    every = fields(record)  # pyright: ignore[reportArgumentType]
    names = [f.name for f in every]
    # Click takes `--user --` for a user that is given, and gives nothing.
    for f in every:
        if f.default is MISSING and f.default_factory is MISSING and given.get(f.name) is None:
            raise DataError(f"{f.name} is missing: give it a value.")
    # An option that was not given is None, so the record's own default holds.
    return record(**{name: given[name] for name in names if given.get(name) is not None})


def _parameter(f: Field[Any], hint: Hint, said: str) -> click.Parameter | None:
    kind, flag = _kind_and_flag(hint)
    if flag.python_only:
        return None
    if flag.argument:
        return GroupedArgument(
            [f.name],
            type=Place(path_type=Path),
            nargs=-1 if flag.several else 1,
            required=True,
            metavar=f"{flag.metavar or f.name.upper()}{'...' * flag.several}",
            help=IN_PYTHON.sub(".", said),
        )
    needed = f.default is MISSING and f.default_factory is MISSING
    name = flag.name or "--" + f.name.replace("_", "-")
    return GroupedOption(
        [f.name, *[flag.short] * bool(flag.short), name],
        group=flag.group,
        parsed=flag.parse is not None,
        help=IN_PYTHON.sub(".", said) + _limits(f.default, flag),
        # Click takes a default of None for a value that was given; where nothing is needed the record's
        # own default holds.
        **({"required": True} if needed else {"default": None}),
        is_flag=True if kind is bool else None,  # with False, click takes no value that begins with a minus
        multiple=_several(kind) and not flag.parse,
        metavar=flag.metavar or {int: "N", float: "X"}.get(kind),
        # A switch has no value.
        type=None if kind is bool else _click_type(kind, flag),
        callback=_reader(flag.parse) if flag.parse else _given_or_nothing,
        shell_complete=completer_of(f.name, flag.metavar),
    )


def _limits(default: object, flag: Flag) -> str:
    """The record's default and the least number, as the help shows them; nothing where there are none."""
    nothing = default is MISSING or default is None or default is False or default in ((), "")
    shown = default
    if type(default) is int and default >= 10_000:
        shown = f"{default:,}"
    if isinstance(default, float) and flag.metavar == "SPAN":
        shown = in_time(default)
    told = [*[f"default: {shown}"] * (not nothing), *[f"at least {flag.least}"] * bool(flag.least)]
    return f"  [{'; '.join(told)}]" if told else ""


def _given_or_nothing(_context: click.Context, _option: click.Parameter, value: object) -> object:
    """None where nothing was given, so that the record's own default holds."""
    return None if value is False or value == () else value  # 0 is a value, and equal to False


def _reader(parse: Callable[[str], object]) -> Callable[..., object]:
    def read(context: click.Context, option: click.Parameter, value: str | None) -> object:
        try:
            return None if value is None else parse(value)
        except DataError as why:
            raise click.BadParameter(str(why), ctx=context, param=option) from why

    return read


def _kind_and_flag(hint: Hint, flag: Flag = PLAIN) -> tuple[Hint, Flag]:
    """The type without `None` and without objects that no command line can give; and the flag."""
    if get_origin(hint) in (Union, UnionType):  # Annotated[...] | None keeps its flag inside
        parts = [p for p in get_args(hint) if p is not NoneType]
        if len(parts) == 1 or get_origin(parts[0]) is Annotated:
            return _kind_and_flag(parts[0], flag)
    if get_origin(hint) is Annotated:
        hint, *more = get_args(hint)
        flag = next((m for m in more if isinstance(m, Flag)), flag)
        return _kind_and_flag(hint, flag)
    if get_origin(hint) in (Union, UnionType):
        parts = [p for p in get_args(hint) if p is not NoneType]
        several = [p for p in parts if _several(p)]
        # text or a list of texts: a list where the option repeats, else text
        return (
            several[0] if several and flag.metavar != "NAMES" else str if str in parts else parts[0]
        ), flag
    return hint, flag


def _several(kind: Hint) -> bool:
    """Whether the option may be repeated."""
    return get_origin(kind) in (Sequence, tuple, list)


def _click_type(kind: Hint, flag: Flag) -> click.ParamType | type | None:
    if flag.parse:
        return click.STRING
    if get_origin(kind) is Literal:
        return click.Choice(get_args(kind))
    if _several(kind):
        inside = get_args(kind)[0]
        return FilePath(path_type=Path) if inside in (Path, Any) else click.STRING
    if kind is int:
        return WholeNumber(flag.least, flag.most)
    if kind is float:
        return click.FLOAT
    return click.STRING if kind is str else FilePath(path_type=Path)


def _helps(record: type) -> dict[str, str]:
    """Field -> its sentence under `Args:` in the docstring."""
    body = inspect.cleandoc(record.__doc__ or "").partition("Args:\n")[2].split("\n\n")[0]
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", body, flags=re.MULTILINE)
    return {name: re.sub(r"\s+", " ", text) for name, text in found}


def story_of(record: type) -> str:
    """The docstring of the record up to its arguments, for the top of the help page."""
    return inspect.cleandoc(record.__doc__ or "").partition("\nArgs:")[0].strip()
