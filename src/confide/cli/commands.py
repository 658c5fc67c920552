"""The commands: what you hold, audited; what the attacks are; the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from confide.cli.running import finish, report_options, sentences, usable, warn
from confide.core.version import VERSION


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Measure what a release gives away about the people behind it."""


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(f"confide {VERSION}")


@main.group()
def audit() -> None:
    """Play the adversary against what you are about to publish."""


@audit.command("model")
@click.option(
    "--model",
    "spec",
    required=True,
    metavar="MODEL",
    help="mypkg.mymodel:net (a model, a function that returns one, or predict(X)), "
    "model.onnx or model.skops.",
)
@click.option(
    "--members",
    required=True,
    type=click.Path(path_type=Path),
    help="Records that trained it (.parquet, .csv or .npz).",
)
@click.option(
    "--nonmembers",
    required=True,
    type=click.Path(path_type=Path),
    help="Records of the same kind that did not.",
)
@click.option(
    "--population",
    type=click.Path(path_type=Path),
    default=None,
    help="More such records that did not train it: for calibration, never scored.",
)
@click.option("--label", default=None, help="The column to be predicted (tables).")
@click.option(
    "--task",
    type=click.Choice(["classification", "regression"]),
    default=None,
    help="Where the model and the labels do not tell.",
)
@click.option(
    "--references",
    default=16,
    show_default=True,
    type=click.IntRange(0),
    help="How many reference models the adversary trains.",
)
@click.option(
    "--train",
    default=None,
    metavar="mypkg.mymodel:train",
    help="train(X, y, *, rng) -> model, the target's recipe. Otherwise a scikit-learn model is cloned, and "
    "a torch module re-initialised and trained until its train accuracy matches.",
)
@click.option("--attacks", default=None, help="Comma-separated names, or all (see `confide attacks`).")
@click.option(
    "--access",
    type=click.Choice(["white-box", "black-box", "label-only"]),
    default=None,
    help="What will be published: the weights, the scores, or the decisions. White-box plays the attacks on "
    "weights too, and says what each kind of access gives.",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    default=None,
    metavar="net.safetensors",
    help="Weights to put into a torch module.",
)
@click.option(
    "--checkpoint",
    "checkpoints",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="epoch5.safetensors",
    help="Earlier weights of the same run, published too. Repeatable, oldest first.",
)
@click.option(
    "--trained-on",
    default=None,
    type=click.IntRange(1),
    help="How many records trained the model in all, of which --members may be a part.",
)
@click.option("--seed", default=7, show_default=True, type=click.IntRange(0), help="Same seed, same report.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1), help="Worker processes.")
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Where trained references are kept, so that an interrupted audit resumes.",
)
@click.option(
    "--allow-overlap", is_flag=True, help="Leave records on both sides out instead of refusing them."
)
@report_options
@sentences
def audit_model(spec: str, out: Path, **options: Any) -> None:
    """Can an outsider tell whose records trained this model?"""
    from confide import audits
    from confide.cli.progress import progress_bar

    usable(out)
    with progress_bar("training reference models") as progress:
        done = audits.model(spec, progress=progress, tell=warn, **options)
    finish(done, out)


@audit.command("scores")
@click.argument("evidence", type=click.Path(path_type=Path))
@report_options
@sentences
def audit_scores(evidence: Path, out: Path, **options: Any) -> None:
    """Measure evidence made anywhere, by anything.

    EVIDENCE is a parquet or csv file with the columns exposed and score (higher = surer), and where there
    are any world, target, hit and attack.
    """
    from confide import audits

    usable(out)
    finish(audits.scores(evidence, **options), out)


@main.command()
def attacks() -> None:
    """List the attacks, what each needs to see, and the paper it comes from."""
    from confide.cli.explaining import attack_table

    click.echo(attack_table())


@main.command()
@click.argument("name")
@sentences
def explain(name: str) -> None:
    """Tell what an attack does, its settings and how to cite it."""
    from confide.cli.explaining import explanation

    click.echo(explanation(name))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@sentences
def report(folder: Path) -> None:
    """Show the report in FOLDER again, and draw its report.html anew from report.json."""
    from confide.report import Report

    again = Report.load(folder / "report.json")
    again.save(folder / "report.html")
    click.echo(str(again))


@main.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("confide-demo"),
    show_default=True,
    help="Folder for the report.",
)
@click.option("--seed", default=7, show_default=True, type=click.IntRange(0))
@click.option("--quick", is_flag=True, help="Fewer records and references: half a minute.")
@sentences
def demo(out: Path, seed: int, quick: bool) -> None:
    """Fit two models to a sensitive survey, audit both, and write the report."""
    from confide.cli.demo import run_demo

    usable(out)
    click.echo(run_demo(out, seed=seed, quick=quick))
