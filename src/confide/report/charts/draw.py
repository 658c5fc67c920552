"""Drawing: records go into a chart's Vega-Lite file, out comes an SVG that follows the page's colours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from types import MappingProxyType
from typing import cast

from confide.core.errors import DataError
from confide.report.charts.engine import ENGINE, Json, Spec
from confide.report.charts.words import locale, words
from confide.report.page_types import Datum

CHARTS = ("roc", "scores", "worst_off", "epsilon", "curve", "lines")
"""The charts by name; each is a file beside this one, to be opened in any Vega-Lite editor."""

INKS = {
    "#1b2328": "--ink",
    "#5a656d": "--muted",
    "#d6dade": "--line",
    "#c4501b": "--exposed",
    "#0b6a9e": "--control",
    "#0f7b5f": "--third",
    "#8a4a86": "--fourth",
    "#9aa3aa": "--rest",
}
"""The light colours that the chart files are written in -> the page's variables, which follow the theme."""

NONE: Mapping[str, Spec] = MappingProxyType({})


def specification(name: str) -> Spec:
    """A chart's Vega-Lite file.

    Raises:
        DataError: if there is no chart of that name.
    """
    if name not in CHARTS:
        raise DataError(f"there is no chart {name!r}: the charts are {', '.join(CHARTS)}.")
    text = files("confide.report.charts").joinpath(f"{name}.json").read_text(encoding="utf-8")
    return cast(Spec, json.loads(text))


def figure(
    name: str, records: Sequence[Datum], *, encoding: Mapping[str, Spec] = NONE, heading: str = ""
) -> Spec:
    """The whole Vega-Lite specification, records inserted; needs no drawing library.

    Args:
        encoding: what is put into the file's encodings, channel by channel.
        heading: what is put into the file's title, where it has one.
    """
    spec = specification(name)
    layers = [layer for layer in cast(list[Json], spec["layer"]) if isinstance(layer, dict)]
    for part in (spec, *layers):
        channels = cast(Spec, part.get("encoding", {}))
        for channel in channels.keys() & encoding.keys():
            into = cast(Spec, channels[channel])
            if "value" not in into:  # a constant place on the page has no scale and no title
                _put(into, encoding[channel])
    # Only charts with bars named at the left have such a heading.
    if isinstance(title := spec.get("title"), dict):
        title["text"] = heading
    return {**spec, "data": {"values": [cast(Spec, record) for record in records]}}


def _put(into: Spec, what: Spec) -> None:
    for name, value in what.items():
        if isinstance(value, dict):
            # Deeper settings of the file stay: only what is given is replaced.
            _put(cast(Spec, into.setdefault(name, {})), value)
        else:
            into[name] = value


def _printable(value: Json) -> Json:
    """Without control characters: they have no place in an SVG, and the drawing engine dies of them."""
    if isinstance(value, str):
        return "".join(c if c.isprintable() else " " for c in value)
    if isinstance(value, dict):
        return {name: _printable(part) for name, part in value.items()}
    return [_printable(part) for part in value] if isinstance(value, list) else value


def draw(
    name: str,
    records: Sequence[Datum],
    *,
    title: str,
    description: str,
    key: str = "",
    encoding: Mapping[str, Spec] = NONE,
    heading: str = "",
) -> str:
    """An SVG to be set into a page: it scales to its box, takes the page's colours, and can be read aloud.

    Empty where the drawing engine fails: the numbers of an audit are not lost with it.

    Args:
        title, description: for screen readers.
        key: makes the ids inside differ from those of other charts on the page.
        encoding, heading: as in `figure`.
    """
    svg = ENGINE.svg(composed(name, records, encoding=encoding, heading=heading), locale=locale())
    if svg is None:
        return ""
    mark = _mark(name, key)
    body = _body(svg, mark)
    for ink, variable in INKS.items():
        body = body.replace(f'"{ink}"', f'"var({variable}, {ink})"')
    box = re.search(r'viewBox="([^"]+)"', svg)
    assert box, "vl-convert gives every SVG a viewBox"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box[1]}" role="img" class="chart" '
        f'aria-labelledby="{mark}-title {mark}-desc">{_spoken(mark, title, description)}{body}'
    )


def draw_alone(chart: Spec, *, name: str, title: str, description: str) -> str:
    """An SVG without a page around it: a file of its own, with its own size and colours; empty as `draw`.

    Args:
        chart: the whole specification.
        name: of the chart.
        title, description: for screen readers.
    """
    svg = ENGINE.svg(chart, locale=locale())
    if svg is None:
        return ""
    mark = _mark(name, "")
    # The engine's own opening tag has the size; a reader aloud says what it is.
    opening = svg[: svg.index(">")] + f' role="img" aria-labelledby="{mark}-title {mark}-desc">'
    return f"{opening}{_spoken(mark, title, description)}{_body(svg, mark)}"


def composed(
    name: str, records: Sequence[Datum], *, encoding: Mapping[str, Spec] = NONE, heading: str = ""
) -> Spec:
    """The whole specification in the language of the report, as the drawing engine takes it.

    Args:
        encoding, heading: as in `figure`.
    """
    said, besides = words(name, records)
    given = {channel: dict(encoding.get(channel, {})) for channel in (*encoding, *besides)}
    for channel, more in besides.items():
        _put(given[channel], more)
    return cast(Spec, _printable(figure(name, said, encoding=given, heading=heading)))


def _mark(name: str, key: str) -> str:
    """What the ids in a drawing begin with: those of a page must differ, and hold these characters only."""
    return re.sub(r"[^a-z0-9]", "-", f"{name}-{key}".lower())


def _spoken(mark: str, title: str, description: str) -> str:
    """Title and description for screen readers."""
    return (
        f'<title id="{mark}-title">{escape(title)}</title><desc id="{mark}-desc">{escape(description)}</desc>'
    )


def _body(svg: str, mark: str) -> str:
    """What is inside an SVG of the engine, the same for the same chart."""
    body = svg[svg.index(">") + 1 :]
    # vl-convert numbers clip paths through the whole process; the same report must be the same file
    for at, name_in in enumerate(dict.fromkeys(re.findall(r'id="((?:clip|gradient)\w+)"', body))):
        body = body.replace(f'id="{name_in}"', f'id="{mark}-{at}"').replace(
            f"url(#{name_in})", f"url(#{mark}-{at})"
        )
    # the engine's own labels for screen readers repeat every mark: title and description say it better
    body = re.sub(r' (?:role|aria-\w+)="[^"]*"', "", body)
    return re.sub(r'<text [^>]*opacity="0"[^>]*>[^<]*</text>|<text [^>]*/>', "", body)
