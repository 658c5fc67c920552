"""`confide audit protocol`: a masking protocol, run and attacked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from confide.audits.protocols.settings import ProtocolSettings
from confide.cli.exits import Done, as_written, sentences, usable
from confide.cli.failing import Asked, marking
from confide.cli.flags import FilePath, GroupedCommand, GroupedOption, filled, options_of, story_of
from confide.cli.output import Output, output_of, output_options
from confide.core.errors import DataError
from confide.core.flags import GET

PROTOCOL = "protocol"
OUT = Path("confide-protocol")
QUESTION = "You add up updates under masks: does the protocol hide what each client sends?"
EXAMPLE = """\
For example:

\b
  confide audit protocol ours
  confide audit protocol flwr --threshold 5
  confide audit protocol mypkg.sums:Protocol --out findings

Exit code: 0 where all checks passed, 1 where one failed or came to no answer, 2 for bad use, 3 for a fault
of confide.
"""


def command() -> click.Command:
    """The command."""
    out = GroupedOption(
        ["--out"],
        group=GET,
        type=FilePath(path_type=Path, file_okay=False),
        default=OUT,
        show_default=True,
        metavar="FOLDER",
        help="Folder for protocol.html and protocol.json.",
    )
    # There are no limits that a test case or a place in code could stand for.
    output = output_options(taken=("junit", "sarif"))
    for option in output:
        if option.name == "json" and isinstance(option, click.Option):
            option.help = "Print the content of protocol.json, and all else on the error output."
    return GroupedCommand(
        PROTOCOL,
        callback=_audit,
        params=[*options_of(ProtocolSettings), out, *output],
        help=f"{QUESTION}\n\n{story_of(ProtocolSettings)}\n\n{EXAMPLE}",
        short_help=QUESTION,
    )


@sentences
def _audit(out: Path, **given: Any) -> None:
    asked = {name: value for name, value in given.items() if name != PROTOCOL}
    with marking([Asked(given={**asked, "out": out}, out=out, stem=PROTOCOL)]):
        _run(given, out, output=_output(asked, out))


def _output(given: Mapping[str, Any], out: Path) -> Output:
    from confide.audits.protocols.outcome import FILES

    output = output_of(given, out=out)
    for name, path in output.files.items():
        if path.resolve() in {(out / file).resolve() for file in FILES}:
            raise DataError(f"--{name} {path!s:.200}: that is a file of the report; choose another name.")
    return output


def _run(given: Mapping[str, Any], out: Path, *, output: Output) -> None:
    # Imported here: `confide audit --help` must not load what audits.
    from confide.audits.protocols.door import audited
    from confide.core.atomic import atomic_write

    settings = filled(ProtocolSettings, given)
    assert isinstance(settings, ProtocolSettings)
    usable(out)
    done = audited(settings, command=as_written())
    done.save(out)
    if output.markdown is not None:
        with atomic_write(output.markdown, shared=settings.share) as draft:
            draft.write_text(done.markdown(), encoding="utf-8")
    if output.json:
        click.echo(done.json(), nl=False)
    output.say(done.text(verbose=output.verbose))
    output.say(f"\nWritten to {out}: {', '.join(done.files)}")
    raise Done(done.exit_code)
