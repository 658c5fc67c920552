"""The table of advice: one rule a case, in the order in which they are tried; each with its page.

No rule promises that a release is safe: each ends in a command that can be audited.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from confide.releases.advising.situation import Situation

_SERVER = "The one who adds the noise is trusted with the records."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A case, and what fits it.

    Args:
        mechanism: its name; "" where nothing fits.
        when: whether the case is this one.
        because: why it fits; where nothing does, what is missing.
        cost: what is paid for it: accuracy, time, or effort.
        open: what it does not protect.
        commands: what to type, one after the other.
        page: of the documentation.
    """

    mechanism: str
    when: Callable[[Situation], bool]
    because: str
    cost: str
    open: str
    commands: tuple[str, ...]
    page: str


def _majority(s: Situation) -> bool:
    return 2 * s.colluding < s.all_parties


RULES = (
    Rule(
        mechanism="audit",
        when=lambda s: s.want == "report",
        because="It is made already: an adversary is played against it, and the report says what it learns.",
        cost="Minutes; for a model with references as much as training it that often.",
        open="An audit shows what its attacks find. Another adversary may find more.",
        commands=("confide audit KIND FILE --out report",),
        page="reading-the-report.md",
    ),
    Rule(
        mechanism="sanitise",
        when=lambda s: s.want == "table" and not s.promise,
        because="Rows stay rows: columns are made coarser, cells changed and rare ones left out, until "
        "attacks that you name fail. With several holders, each does so for its own file.",
        cost="Detail, most of it about rare people. The report says how much is lost.",
        open="No promise: an adversary who knows other things than you named may still find people.",
        commands=(
            "confide audit table people.csv --known COLUMNS",
            "confide protect table people.csv --known COLUMNS --with PROTECTION --out safer.csv",
        ),
        page="protect.md",
    ),
    Rule(
        mechanism="synthesis",
        when=lambda s: s.want in ("table", "synthetic") and s.promise,
        because="Rows of real people cannot be published under a promise and stay of use; rows drawn from"
        " noisy statistics can. With several holders, each makes them of its own records.",
        cost="What no measured table holds is lost: rare combinations, and relations of many columns.",
        open="Facts about groups stay, as they should: who is known to be in a group is judged by "
        "them. " + _SERVER,
        commands=(
            "confide domain people.csv --out domain.toml",
            "confide synthesize people.csv --domain domain.toml --epsilon 1 --delta 1e-9 --out synthetic.csv",
        ),
        page="synthesize.md",
    ),
    Rule(
        mechanism="synthesis",
        when=lambda s: s.want == "synthetic",
        because="Without a promise synthetic rows may be copies of people. A small epsilon costs little "
        "beside that; make them under one, and compare.",
        cost="What no measured table holds is lost. `confide frontier synthetic` shows how much by epsilon.",
        open="Facts about groups stay, as they should. " + _SERVER,
        commands=("confide frontier synthetic people.csv --mechanism aim --epsilon 1,4,16",),
        page="frontier.md",
    ),
    Rule(
        mechanism="explorer",
        when=lambda s: s.want == "answers" and not s.several,
        because="The questions are not known yet: records stay where they are, and a page answers "
        "analysts with noise until the budget is spent.",
        cost="Each answer is off by its noise, which the page shows before it is asked; the budget ends.",
        open="Analysts who pool their answers share one budget only if the ledger says so. " + _SERVER,
        commands=("confide serve people.parquet --help",),
        page="explorer.md",
    ),
    Rule(
        mechanism="statistics",
        when=lambda s: s.want in ("statistics", "sums") and not s.several and s.promise,
        because="The statistics are known: each is computed once, with as much noise as its promise needs.",
        cost="A count at epsilon 1 is off by about 1.4 people, whatever the size of the file.",
        open="Facts about groups stay, as they should. " + _SERVER,
        commands=(
            "confide query people.parquet --unit PERSON:1 --budget 1,1e-6 --ledger sqlite:///people.ledger "
            '--sql "select count(*) from people" --epsilon 0.1',
        ),
        page="query.md",
    ),
    Rule(
        mechanism="audit",
        when=lambda s: s.want in ("statistics", "sums") and not s.several,
        because="Statistics without noise are exact, and many of them rebuild records: audit them first, "
        "and leave out or round what gives people away.",
        cost="Cells that are left out or rounded.",
        open="No promise: each further table that is published can give away what this one hid.",
        commands=("confide audit crosstabs tables/ --out report",),
        page="crosstabs.md",
    ),
    Rule(
        mechanism="private training",
        when=lambda s: s.want == "model" and not s.several and s.promise,
        because="A model remembers who trained it. Noise in training bounds that, for every attack.",
        cost="Accuracy, less of it the more records there are. `confide frontier model` shows it by epsilon.",
        open="What holds of people in general is learned, as it should. " + _SERVER,
        commands=(
            "confide train people.parquet --label COLUMN --schema schema.toml --epsilon 1 --delta 1e-6 --out "
            "model",
            "confide audit model MODEL --members people.parquet --nonmembers holdout.parquet",
        ),
        page="train.md",
    ),
    Rule(
        mechanism="audit",
        when=lambda s: s.want == "model" and not s.several,
        because="Train it as you do, and let the audit say what it gives away before it is published.",
        cost="Training it again for references, a few to a few hundred times.",
        open="No promise: what the attacks do not find may be there.",
        commands=(
            "confide audit model MODEL --members in.parquet --nonmembers out.parquet --limit tpr@0.01=0.03",
        ),
        page="scikit-learn.md",
    ),
    Rule(
        mechanism="collaboration",
        when=lambda s: s.want == "model" and s.records == "rows" and (s.promise or s.learns == "anyone"),
        because="Each party keeps its records and sends updates; a secure sum hides whose they are, and "
        "clients add noise before, so that neither the server nor a reader of the model finds a "
        "client.",
        cost="Accuracy: with few parties a promise for all that a party holds leaves nothing to learn;"
        " with a thousand it costs little.",
        open="Without the noise the sum of updates names members as well as a model does.",
        commands=(
            "confide collaborate plan.toml --simulate --record transcript",
            "confide audit collaboration transcript --as server --controls holdout.parquet",
        ),
        page="collaborate.md",
    ),
    Rule(
        mechanism="collaboration",
        when=lambda s: s.want == "model" and s.records == "rows",
        because="Each party keeps its records and sends updates of the model.",
        cost="A round takes seconds to minutes. A secure sum costs a client milliseconds.",
        open="Every party that sees the model learns who is in the others' records: secure sums hide "
        "the client, not its people. The audit says how well.",
        commands=(
            "confide collaborate plan.toml --simulate --record transcript",
            "confide audit collaboration transcript --as client:NAME --controls holdout.parquet",
        ),
        page="collaborate.md",
    ),
    Rule(
        mechanism="join",
        when=lambda s: s.want in ("sums", "statistics", "model") and s.several and _majority(s),
        because="The parties compute on shares: nobody sees another's numbers, and one result is opened. "
        "Of a model that is a regression, over rows or columns; others cannot be trained so.",
        cost="At least three processes that run at the same time; error bound and bytes stand in the plan.",
        open="The result. Two sums that differ by one person give them away: where it is published, or"
        " asked for twice, let the parties add noise inside.",
        commands=(
            "confide join keys keys --parties a,b,c",
            "confide join plan.toml --party a --data mine.parquet --keys keys/a --out result.json",
        ),
        page="join.md",
    ),
    Rule(
        mechanism="outsource",
        when=lambda s: s.want == "scores" and s.model == "another",
        because="Records are encrypted before they leave, and the model's holder computes on what it "
        "cannot read. Only linear layers, convolutions and polynomials can be computed so.",
        cost="",
        open="The scores: anyone who reads them can attack the model as ever, and rebuild a linear one "
        "from a few more scores than it has features. Nothing shows that the right model was "
        "used.",
        commands=(
            "confide outsource plan --model net.safetensors --rows 4096 --bound 4 --out plan.json",
            "confide outsource keys plan.json --out client",
            "confide outsource serve plan.json --model net.safetensors --kit client/kit --tls "
            "cert.pem,key.pem",
            "confide outsource ask https://HOST:8443 --keys client --data rows.parquet --out scores.parquet",
        ),
        page="outsource.md",
    ),
    Rule(
        mechanism="audit",
        when=lambda s: s.want == "scores",
        because="Records and model are in one hand, so that nothing needs to be hidden to compute scores."
        " What remains is what the scores tell those who read them.",
        cost="Minutes.",
        open="No promise: a model trained under a budget keeps one for all its scores.",
        commands=("confide audit scores scores.csv --out report",),
        page="reading-files.md",
    ),
    Rule(
        mechanism="match",
        when=lambda s: s.want == "matches",
        because="Both lists are blinded by both keys: equal people are seen, others are not. The result "
        "is the number, or the people. With more than two lists it is done pair by pair.",
        cost="Seconds for ten thousand people on each side.",
        open="A party that may put in any list asks 'is this person in yours?' of each name. Sizes are fixed "
        "before, and runs are counted.",
        commands=(
            "confide match keys keys --parties a,b",
            "confide match plan.toml --party a --data mine.parquet --id email --keys keys --out shared.json",
        ),
        page="match.md",
    ),
)
"""The first that fits is the advice; others that fit are named besides."""
