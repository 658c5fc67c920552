"""The renders: whole, self-contained, and safe with hostile names."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest

from confide.core.budget import Budget
from confide.core.diagnostics import Diagnostics
from confide.core.errors import DataError
from confide.core.evidence import Evidence
from confide.measure import measure, worst
from confide.report import Finding, Limit, Line, Plot, Report, Section, Table, report
from confide.report.renders.text import to_text

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Tags(HTMLParser):
    """Every tag with its attributes, and whether all that was opened was closed in order."""

    VOID = frozenset({"meta", "br", "img", "link", "hr", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def made(make) -> Report:
    sections = [
        make.section(1.9, promise=Budget(4.0, 1e-5)),
        make.section(
            0.0, release="a random forest", warnings=("Train accuracy differs: 0.99 against 0.91.",)
        ),
    ]
    return report(sections, seed=7, limits=[Limit.parse("tpr@0.01=0.05"), Limit.parse("auc=0.6")])


def test_the_html_is_one_file_without_script_or_network(made):
    tags = Tags(made.html())
    assert tags.open == []
    assert not {t for t, _ in tags.seen} & {
        "script",
        "img",
        "link",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
    }
    for tag, attrs in tags.seen:
        assert not [a for a in attrs if a.startswith("on") or a in ("src", "srcset")]
        if "href" in attrs or "xlink:href" in attrs:
            assert tag == "a" and attrs["href"].startswith(("https://", "#part-"))
    css = re.findall(r"url\(([^)]*)\)|@import", made.html())
    assert all(target.startswith("#") for target in css)
    ids = [attrs["id"] for _, attrs in tags.seen if "id" in attrs]
    assert len(ids) == len(set(ids))  # eight charts on one page


def test_a_hostile_name_is_text_everywhere(make):
    finding = Finding(
        risk=make.risk(1.9), title=EVIL, settings={EVIL: EVIL}, citation=f"{EVIL} javascript:alert(3)"
    )
    section = make.section(
        1.9, release=EVIL, headline=finding, findings=(finding,), about={EVIL: EVIL},
        adversary=(EVIL,), harm=EVIL, warnings=(EVIL,), notes=(EVIL,),
    )  # fmt: skip
    page = report([section], seed=7).html()
    tags = Tags(page)
    assert not {t for t, _ in tags.seen} & {"script", "img"}
    assert not [a for _, attrs in tags.seen for a in attrs if a.startswith("on")]
    assert not [a for t, a in tags.seen if t == "a"]
    assert page.count("&lt;script&gt;alert(1)") >= 10


def test_a_hostile_name_cannot_steer_the_terminal(make):
    text = report([make.section(1.9, release="a\x1b[2Jb\x07")], seed=7).text()
    assert "\x1b" not in text and "\x07" not in text


def test_every_sentence_of_the_dict_is_on_the_page(made):
    seen: list[str] = []
    parser = HTMLParser(convert_charrefs=True)
    parser.handle_data = seen.append
    parser.feed(made.html())
    text = re.sub(r"\s+", " ", "".join(seen))
    for s in made.page["sections"]:
        for name in ("support", "warnings", "adversary", "means", "means_not", "next", "notes"):
            assert all(line in text for line in s[name]), name
        assert s["headline"] in text
    assert all(k["why"] in text for k in made.page["skipped"])
    assert all(c["how_to_read"] in text for c in made.page["charts"])
    assert made.page["verdict_sentence"] in text


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_the_terminal_text_keeps_to_its_width(made, width):
    text = to_text(made.page, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "A limit that was set is exceeded." in text
    flat = text.replace("\n  ", " ")
    assert "What the adversary had" in flat and "It trained 16 models of its own" in flat
    assert "Exact duplicates were counted once." in flat
    assert "* lira" in text and "shadow: needs 2 classes" in text.replace("\n  ", " ")


@pytest.mark.slow
def test_saved_and_loaded_it_renders_the_same(made, tmp_path):
    for name in ("report.html", "report.json", "report.txt"):
        assert made.save(tmp_path / name).read_text("utf-8")
    again = Report.load(tmp_path / "report.json")
    assert again.page == made.page
    assert again.html() == made.html() == (tmp_path / "report.html").read_text("utf-8")
    assert again.exit_code == made.exit_code == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html", "report.json", "report.txt"]
    assert "NaN" not in (tmp_path / "report.json").read_text("utf-8")


def test_what_is_no_report_is_refused_in_one_sentence(made, tmp_path):
    with pytest.raises(DataError, match=r"end the name in \.html"):
        made.save(tmp_path / "report.pdf")
    assert list(tmp_path.iterdir()) == []
    for text in (
        "",
        "[]",
        "{}",
        '{"schema": "confide.report/1"}',
        '{"schema": "confide.report/3"}',
        '{"schema": "confide.report/4"}',
        "\x00\xff",
    ):
        (tmp_path / "x.json").write_text(text, "latin-1")
        with pytest.raises(DataError, match=r"report\.json of an audit"):
            Report.load(tmp_path / "x.json")
    (tmp_path / "x.json").write_text('{"schema": "confide.report/9"}')
    with pytest.raises(DataError, match="update confide"):
        Report.load(tmp_path / "x.json")


@pytest.mark.slow
def test_in_a_notebook_the_page_stays_in_its_frame(made):
    tags = Tags(made._repr_html_())
    assert [t for t, _ in tags.seen] == ["iframe"]
    assert tags.seen[0][1]["srcdoc"] == made.html()


def test_from_evidence_to_report():
    rng = np.random.default_rng(5)
    exposed = rng.random(4000) < 0.5
    strong = Evidence.of(exposed, rng.standard_normal(4000) + 2 * exposed, attack="strong")
    weak = Evidence.of(exposed, rng.standard_normal(4000), attack="weak")
    which, corrected = worst([weak, strong])
    made = report(
        [
            Section(
                release="a mechanism of Gaussian noise",
                headline=Finding(risk=corrected[which]),
                findings=tuple(Finding(risk=measure(e)) for e in (weak, strong)),
                evidence={e.attack: e for e in (weak, strong)},
            )
        ],
        seed=5,
        limits=[Limit.parse("tpr@0.01=0.1")],
    )
    section = made.page["sections"][0]
    assert which == 1 and section["finding"]["attack"] == "strong" and made.exit_code == 1
    rate = section["finding"]["tpr_at"][1]["rate"]
    assert rate["confidence"] == pytest.approx(0.975)
    assert rate["low"] < 0.372 < rate["high"]  # Phi(2 - Phi^-1(0.99)), the truth
    assert {c["name"] for c in made.page["charts"] if c["records"]} == {
        "roc",
        "scores",
        "worst_off",
        "epsilon",
    }
    assert made.html().count('<svg xmlns="http://www.w3.org/2000/svg"') == 4


def test_a_narrow_table_shows_the_rate_of_the_first_sentence(make):
    finding = Finding(risk=make.risk(1.0, n=300))
    section = make.section(1.0, n=300, headline=finding, findings=(finding,))
    made = report([section], seed=7)
    assert "accusing 1 in 100 others" in made.page["sections"][0]["headline"]
    assert "at 1 in 100 " in to_text(made.page, width=50) and "at 1 in 10 " not in to_text(
        made.page, width=50
    )
    assert "found at 1 in 100<" in made.html() and "found at 1 in 10<" in made.html()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: nothing to lay the page out with")
def test_nothing_runs_over_the_edge_in_a_real_browser(make, tmp_path):
    """Laid out at phone and desk width, the page is no wider than its window; a page that is, is caught."""
    long = Finding(risk=make.risk(1.9), title="x" * 90, settings={"path": "y" * 300}, citation="z" * 200)
    section = make.section(
        1.9,
        release="w" * 120,
        headline=long,
        findings=(long, *make.section(1.0).findings),
        exhibits=(
            Table(title="u" * 90, reading="v" * 90, head=("s" * 60,) * 6, rows=(("t" * 60,) * 6,) * 40),
            Plot(
                title="q" * 90,
                reading="r" * 90,
                x_title="o" * 90,
                y_title="p" * 90,
                lines=(Line(name="n" * 90, x=(1, 2), y=(1, 2), labels=("m" * 90, "l")),),
            ),
        ),
    )
    doubted = Finding(risk=make.risk(1.9, attack="decoder-calibrated"), diagnostics=(Diagnostics((), False),))
    white = make.white(conclusive=False, findings=(doubted,))
    report([section], seed=7).save(tmp_path / "report.html")
    report([white], seed=7).save(tmp_path / "plain.html")
    (tmp_path / "wide.html").write_text("<body><div style='width:2000px'>.</div></body>", "utf-8")
    shown_at = [("report", 360), ("report", 1200), ("wide", 360), ("wide", 1200), ("plain", 360)]
    frames = "".join(
        f'<iframe src="{name}.html" style="width:{width}px;height:900px;border:0"></iframe>'
        for name, width in shown_at
    )
    (tmp_path / "frame.html").write_text(
        f"""<body>{frames}<pre id="out"></pre><script>onload = () => {{
        const tables = [...window[4].document.querySelectorAll("table.each")].map(t => t.parentElement);
        document.getElementById("out").textContent = JSON.stringify([0, 1, 2, 3].map(i => [
          window[i].innerWidth, window[i].document.documentElement.scrollWidth]).concat(
          tables.map(table => [table.clientWidth, table.scrollWidth])));
        }};
        </script></body>""",
        "utf-8",
    )
    shown = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
         f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", (tmp_path / "frame.html").as_uri()],
        capture_output=True, text=True, timeout=120, check=False,
    ).stdout  # fmt: skip
    measured = json.loads(re.search(r'<pre id="out">(.*?)</pre>', shown)[1])
    (phone, phone_page), (desk, desk_page), *wide = measured[:4]
    assert len(measured[4:]) == 1  # "What each attack found"; exhibits scroll in their box
    assert all(table <= room for room, table in measured[4:]), measured[4:]  # on a phone, all in sight
    assert (phone, desk) == (360, 1200)
    assert phone_page <= phone and desk_page <= desk
    assert all(inside > window for window, inside in wide)
