"""What a user fills in to plan outsourced scores and to make keys; the fields are options of the command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal

from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, HOLD, Flag, Held
from confide.core.paths import can_be_named
from confide.inputs.times import parse_span


def columns_of(text: str) -> tuple[str, ...]:
    """Names of columns from a text with commas between them.

    Raises:
        DataError: if one is empty or stands twice.
    """
    names = tuple(name.strip() for name in text.split(","))
    if not all(names) or len(set(names)) != len(names):
        raise DataError(f"{text!r:.80} names a column twice, or none: write each once, age,income.")
    return names


def shape_of(text: str) -> tuple[int, ...]:
    """Sizes from a text such as 1,28,28.

    Raises:
        DataError: if one is no whole number above 0.
    """
    sizes = text.split(",")
    if not all(size.strip().isdecimal() and int(size) > 0 for size in sizes):
        raise DataError(f"{text!r:.80} is no shape: write channels and sides, 1,28,28.")
    return tuple(map(int, sizes))


def span_of(text: str) -> float:
    """Seconds from a span of time such as 10s."""
    return parse_span(text, likely=("s", "min"))


LARGEST_BOUND = 1e30
"""Of inputs; with larger ones the ranges of scores are no numbers any more."""


@dataclass(frozen=True, slots=True)
class OutsourcePlanSettings:
    """Plan scores of a model on rows that its owner never sees, and say what they will cost.

    The model's owner makes the plan and gives it to the client. The machine's primitives are measured for
    about two seconds. Encryption parameters come from the table of the homomorphic encryption standard (128
    bits). The plan holds the digest of the model and the range of its scores, and no weights.

    Args:
        model: The model: net.safetensors, net.onnx, model.skops, or mypkg.net:net; in Python also an
            estimator or a torch module.
        rows: How many rows will be asked about.
        bound: No input is above it in absolute value. It is declared, and never read from rows.
        precision: The largest error of a score, before sigmoid or softmax.
        latency: The longest time for all rows, without the network, 10s.
        columns: The names of the inputs in their order, age,income. The client's rows are taken by them.
        architecture: The module that the weights of a .safetensors file belong to, mypkg.net:build; in
            Python the module itself.
        shape: Of one input, where the model begins with a convolution: channels and sides, 1,28,28.
        link: What the client does with the scores of a .safetensors file that does not say it.
        out: The file of the plan.
        force: Put the new plan in the place of one that is there.

    Raises:
        DataError: for settings that cannot be.
    """

    _: KW_ONLY
    model: Annotated[Any, Flag(group=HOLD, metavar="MODEL")]
    rows: Annotated[int, Flag(group=HOLD, least=1)]
    bound: Annotated[float, Flag(group=HOLD)]
    precision: Annotated[float, Flag(group=GET)] = 1e-4
    latency: Annotated[float, Flag(group=GET, metavar="SPAN", parse=span_of)] | None = None
    columns: Annotated[Sequence[str], Flag(group=HOLD, metavar="NAMES", parse=columns_of)] = ()
    architecture: Annotated[Any, Flag(group=HOLD, metavar="MODULE:FUNCTION", parse=str)] = None
    shape: Annotated[Sequence[int], Flag(group=HOLD, metavar="SIZES", parse=shape_of)] = ()
    link: Annotated[Literal["identity", "sigmoid", "softmax"] | None, Flag(group=HOLD)] = None
    out: Annotated[Path, Flag(group=GET, metavar="FILE")] = Path("plan.json")
    force: Annotated[bool, Flag(group=GET)] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "out", Path(self.out))
        check_fields(self)
        for name in ("bound", "precision", "latency"):
            value: float | None = getattr(self, name)
            if value is not None and not 0 < value < inf:
                raise DataError(f"{name} is {value}: give a number above 0.")
        if self.bound > LARGEST_BOUND:
            raise DataError(
                f"bound is {self.bound:g}: give what inputs stay below, {LARGEST_BOUND:g} at most."
            )
        check_place(self.out, force=self.force)


@dataclass(frozen=True, slots=True)
class OutsourceKeysSettings:
    """Make the client's keys for a plan, in a folder for its owner alone.

    The secret key never leaves it. The folder kit in it is for the server, and holds no secret key: copy that
    one alone.

    Args:
        plan: The plan, from the owner of the model.
        out: A new folder for the keys.

    Raises:
        DataError: for settings that cannot be.
    """

    plan: Held
    _: KW_ONLY
    out: Annotated[Path, Flag(group=GET, metavar="FOLDER")]

    def __post_init__(self) -> None:
        for name in ("plan", "out"):
            object.__setattr__(self, name, Path(getattr(self, name)))
        check_fields(self)
        if not can_be_named(self.out):
            raise DataError(f"no folder can be called {self.out.name:.60}: give --out a shorter name.")


def check_place(path: Path, *, force: bool, suffixes: tuple[str, ...] = ()) -> None:
    """Check a file's place before any work.

    Raises:
        DataError: if it cannot be called so, ends in another way, or something is there already.
    """
    if not can_be_named(path):
        raise DataError(f"no file can be called {path.name:.60}: give --out a shorter name.")
    if suffixes and path.suffix.lower() not in suffixes:
        raise DataError(f"--out {path} ends in none of {', '.join(suffixes)}: choose one.")
    if path.is_dir() or (path.exists() and not force):
        raise DataError(f"{path} is there already: give another --out, or --force for its place.")
