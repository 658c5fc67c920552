"""Text in Markdown in which nothing is markup: names in it come from files, and files from anybody."""

from __future__ import annotations

import re
from html import escape

SIGNS = re.compile(r"[\\`*_\[\]|~$]")
"""What begins emphasis, code, a link, a cell, or a formula."""
LISTS = re.compile(r"^([-+=]|\d+(?=[.)](\s|$)))")
"""What makes a list or a heading of a line that it begins."""


def unmarked(text: str) -> str:
    """A text as Markdown, in one line.

    It is no markup, no link, and calls nobody: services turn `@name` and `#12` into messages and links too.

    >>> unmarked("<b>*a*</b> | [x](http://y) @ann #12")
    '&lt;b&gt;\\\\*a\\\\*&lt;/b&gt; \\\\| \\\\[x\\\\](http\\\\://y) @<!-- -->ann #<!-- -->12'
    """
    shown = SIGNS.sub(r"\\\g<0>", escape(" ".join(text.split()), quote=False))
    shown = shown.replace("://", r"\://").replace("www.", r"www\.")
    # After escaping, because an entity such as &#x27; holds the sign too.
    shown = re.sub(r"([@#])(?=\w)", r"\1<!-- -->", shown)
    return LISTS.sub(lambda found: _kept(found[1]), shown)


def _kept(start: str) -> str:
    # A number keeps its digits: what follows it is what makes a list of it.
    return f"{start}<!-- -->" if start.isdigit() else f"\\{start}"
