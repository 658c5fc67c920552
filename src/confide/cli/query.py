"""`confide query`: one question about people, answered with noise under a budget."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from confide.cli.exits import say, sentences, warn
from confide.cli.flags import GroupedCommand, filled, options_of, story_of
from confide.core.atomic import atomic_write
from confide.core.drafts import draft_of
from confide.core.errors import DataError
from confide.releases.session import private
from confide.releases.session.questions_as_text import lines_of, questions_in
from confide.releases.session.settings import QuerySettings, keys_of_kinds

if TYPE_CHECKING:
    from confide.releases.session.answers import Answer
    from confide.releases.session.forms import Forms
    from confide.releases.session.quoting import Quote
    from confide.releases.session.session import Session

T = TypeVar("T")

EXAMPLE = """\
For example:

\b
  confide query people.parquet --unit user_id:20 --budget 1,1e-6 --ledger sqlite:///people.ledger
    --sql "select count(*) from people where age > 64" --within 50 --cost
"""


def command() -> GroupedCommand:
    """The command."""
    return GroupedCommand(
        "query",
        callback=_asked,
        params=options_of(QuerySettings),
        help=f"{story_of(QuerySettings)}\n\n{EXAMPLE}",
        short_help="Ask a question about people, answered with noise under a budget.",
    )


@sentences
def _asked(**given: Any) -> None:
    settings = filled(QuerySettings, given)
    assert isinstance(settings, QuerySettings)
    _check_place(settings)
    public, second = settings.joined
    order = [] if settings.order is None else settings.order.split(",")
    with private(
        settings.data,
        unit=settings.unit,
        budget=settings.budget,
        ledger=settings.ledger,
        table=settings.table,
        order=order,
        keep=settings.keep,
        analyst=settings.analyst,
        public=public,
        second=second,
        parts=settings.shares,
    ) as session:
        if settings.cost and settings.workload is None:
            say(str(_quoted(session, settings)))
            return
        for note in session.notes:
            warn(note)
        if settings.workload is not None:
            _together(session, settings, questions_in(settings.workload))
            return
        try:
            answer = _answered(session, settings)
        finally:
            _tell_new(session, settings)
        say(str(answer))
        if settings.out is not None:
            with atomic_write(settings.out) as draft:
                answer.frame.write_csv(draft)
        say(f"Spent {session.spent}; left {session.left}.")


def _tell_new(session: Session, settings: QuerySettings) -> None:
    if session.ledger.created:
        whose = f"with parts for {', '.join(settings.shares)}" if settings.shares else "with the whole budget"
        warn(f"a new ledger was made, {whose}: {settings.ledger}")


def _check_place(settings: QuerySettings) -> None:
    """Refuse a place for the answer that is taken, or that is read here, before anything is charged."""
    out = settings.out
    if out is None:
        return
    if out.is_dir() or not out.parent.is_dir():
        raise DataError(f"--out {out}: give a file in a folder that exists.")
    # Where the data are a file, tables beside them are files too.
    beside = [w for given in settings.joined for w, _ in given.values() if isinstance(settings.data, Path)]
    ledger = settings.ledger.removeprefix("sqlite:///")
    given = (settings.data, settings.candidates, settings.workload, ledger, *beside)
    read = [p for p in given if p and "://" not in str(p)]
    if any(out.resolve() == Path(path).resolve() for path in read):
        raise DataError(f"--out {out} is read here: choose another name.")
    made = [out]
    if settings.workload is not None:
        made = [_numbered(out, number) for number, _ in enumerate(questions_in(settings.workload), 1)]
    for place in made:
        if place.is_symlink() or (place.exists() and not place.is_file()):
            raise DataError(f"--out {place} is a link, a device, or no file: give the name of a plain file.")
        if place.exists() and not settings.force:
            raise DataError(f"{place} exists: choose another name, or overwrite it with --force.")
        try:
            with draft_of(place):  # as it will be written; nothing is left of it
                pass
        except OSError as error:
            why = error.strerror or "an error of the system"
            raise DataError(f"--out {place!s:.200} cannot be written ({why}): name another place.") from error


def _quoted(session: Session, settings: QuerySettings) -> Quote:
    if settings.sql is None:
        return _put(session.quote, session, settings)
    return session.cost(settings.sql, **_by_sql(session, settings))


def _answered(session: Session, settings: QuerySettings) -> Answer:
    if settings.sql is None:
        return _put(session, session, settings)
    return session.sql(settings.sql, **_by_sql(session, settings))


def _by_sql(session: Session, settings: QuerySettings) -> dict[str, Any]:
    return {
        "keys": keys_of_kinds(settings.values, _kinds(session, [settings.sql or ""])),
        "epsilon": settings.epsilon,
        "rho": settings.rho,
        "delta": settings.delta,
        "within": settings.bearable,
        "rows": settings.rows,
    }


def _put(forms: Forms[T], session: Session, settings: QuerySettings) -> T:
    """A question that is no SQL, asked or only priced."""
    kinds, epsilon = _kinds(session), settings.epsilon
    if settings.bins is not None:
        column, edges = settings.bins
        return forms.histogram(column, bins=edges, epsilon=epsilon, rho=settings.rho)
    if settings.named is not None and settings.candidates is not None:
        column, k = settings.named
        lines = lines_of("--candidates", settings.candidates)
        candidates = keys_of_kinds({column: lines}, kinds, option="--candidates") or {}
        return forms.top_k(column, k=k, candidates=candidates[column], epsilon=epsilon)
    if settings.heavy is not None:
        return forms.heavy_hitters(settings.heavy, epsilon=epsilon, delta=settings.delta)
    keys = keys_of_kinds(settings.values, kinds) or {}
    return forms.tables([text.split(",") for text in settings.tables], keys=keys, epsilon=epsilon)


def _kinds(session: Session, texts: Iterable[str] = ()) -> dict[str, str]:
    """The kinds of the columns that keys are given for: of the private table, and as queries call theirs."""
    from confide.releases.sql import parse

    schema = session.extract.schema
    kinds: dict[str, str] = {name: column.kind for name, column in schema.table.columns.items()}
    for text in texts:
        query = parse(text, schema)  # a group of a joined table, or with a name of its own
        kinds |= {name: query.groups[i].kind for name, part, i in query.columns if part == "group"}
    return kinds


def _together(session: Session, settings: QuerySettings, lines: dict[int, str]) -> None:
    """Ask a workload: one charge, and a csv for each question."""
    from confide.releases.sql import QueryError, parse

    assert settings.delta is not None
    texts = list(lines.values())
    for line, text in lines.items():
        try:
            parse(text, session.extract.schema)
        except QueryError as error:
            raise DataError(f"--workload {settings.workload}, line {line}: {error}") from error
    made = session.workload(
        texts,
        keys=keys_of_kinds(settings.values, _kinds(session, texts)),
        epsilon=settings.epsilon,
        rho=settings.rho,
        total=settings.total,
        delta=settings.delta,
    )
    if settings.cost:
        say(str(made))
        return
    try:
        answers = made.answer()
    finally:
        _tell_new(session, settings)
    say(str(answers))
    for number, frame in enumerate(answers.frames if settings.out else (), 1):
        assert settings.out is not None
        with atomic_write(_numbered(settings.out, number)) as draft:
            frame.write_csv(draft)
    say(f"Spent {session.spent}; left {session.left}.")


def _numbered(out: Path, number: int) -> Path:
    """The file of one of several answers: answers.csv -> answers-1.csv."""
    return out.with_name(f"{out.stem}-{number}{out.suffix}")
