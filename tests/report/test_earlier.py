"""Reports of the first schema: they load, follow the present schema, and keep what they said."""

from __future__ import annotations

import copy
import json

import pytest

from confide.report import Report, report

from .page_schema import validate


def as_it_was(made: Report) -> dict:
    """The page as the first schema kept it, before there were diagnostics, kinds of access, or exhibits."""
    old = copy.deepcopy(made.page)
    old["schema"] = "confide.report/1"
    for f in [*old["findings"], *(s["finding"] for s in old["sections"])]:
        for new in ("told", "conclusive", "remarks"):
            del f[new]
    for s in old["sections"]:
        del s["labels"], s["exhibits"]
        if s["goal"] == "membership":
            del s["goal"]
    for c in old["charts"]:
        del c["attack"], c["x_title"], c["y_title"]
        for r in c["records"]:
            r.pop("side", None)
    for k in old["skipped"]:
        del k["lack"]
    return before_the_fourth(old)


def before_the_fourth(old: dict) -> dict:
    """Until the third schema a limit that was not settled passed, unless the audit was strict."""
    old["strict"] = not old.pop("allow_unsettled")
    for f in [*old["findings"], *(s["finding"] for s in old["sections"])]:
        f.pop("sample_of", None)
    for row in old["limits"]:
        del row["allows"], row["found"], row["words"]
    return old


def loaded(old: dict, folder) -> Report:
    (folder / "report.json").write_text(json.dumps(old), "utf-8")
    again = Report.load(folder / "report.json")
    validate(json.loads(again.json()))
    return again


@pytest.mark.slow
def test_a_report_of_the_first_schema_renders_as_one_of_today(make, tmp_path):
    made = report([make.section(1.9)], seed=7)
    again = loaded(as_it_was(made), tmp_path)
    assert again.html() == made.html()
    assert again.text() == made.text()


def test_what_was_a_part_of_its_own_is_an_exhibit_now(make, tmp_path):
    """The comparison of kinds of access becomes a table, and the gradient norms a plot."""
    rate = {"value": 0.75, "low": 0.7, "high": 0.8, "confidence": 0.95}
    old = as_it_was(report([make.section(1.9)], seed=7))
    old["sections"][0]["ladder"] = {
        "sentences": ["Inside gave more."],
        "note": "On the same people.",
        "train": rate,
        "test": None,
        "gap": None,
        "rungs": [
            {
                "access": access,
                "means": "by its loss",
                "attack": attack,
                "title": "t",
                "conclusive": attack == "loss",
                "balanced_accuracy": rate,
                "auc": rate,
                "tpr_at": [{"fpr": 0.01, "rate": rate, "empirical": None, "controls": 900, "why": ""}],
            }
            for attack, access in (("loss", "black-box"), ("decoder", "white-box"))
        ],
    }
    old["charts"].append(
        {
            "name": "gradient_norms",
            "release": "a neural network",
            "attack": "",
            "title": "Gradient norms over training",
            "description": "d",
            "how_to_read": "Two bands.",
            "why": "",
            "records": [
                {"group": g, "at": at, "state": s, "lowest": None, "low": 1.0, "middle": 2.0, "high": 3.0,
                 "highest": 9.0}
                for g in ("in the training data", "not in it")
                for at, s in enumerate(("epoch0", "published"))
            ],
        }
    )  # fmt: skip
    again = loaded(old, tmp_path)
    table, plot = again.page["sections"][0]["exhibits"]
    assert table["kind"] == "table" and table["reading"] == "Inside gave more. On the same people."
    assert [row[0] for row in table["rows"]] == [
        "black-box: by its loss (loss)",
        "white-box: by its loss (decoder); not conclusive",
    ]
    assert table["head"] == ["access", "accuracy", "AUC", "found at 1 in 100"]
    assert table["rows"][0][3] == rate
    assert plot["kind"] == "plot" and plot["places"] == ["epoch0", "published"] and plot["log_y"]
    assert [line["y"] for line in plot["lines"]] == [[2.0, 2.0]] * 2
    assert plot["lines"][0]["bands"][1] == {"low": [1.0, 1.0], "high": [3.0, 3.0]}
    assert "gradient_norms" not in {c["name"] for c in again.page["charts"]}
    assert "epoch0" in again.html() and "Inside gave more." in again.text()


def test_recognition_is_linkage_of_images_now(make, tmp_path):
    old = as_it_was(report([make.section(1.9)], seed=7))
    old["sections"][0]["goal"] = "recognition"
    section = loaded(old, tmp_path).page["sections"][0]
    assert section["goal"] == "linkage"
    assert section["labels"]["tiles"]["compared"] == "People compared"
