"""An audit of a model on 200,000 members and 100,000 others with 50 columns, by default: CPU time and memory.

OMP_NUM_THREADS=1 python benchmarks/large_model_audit.py [--members 200000] [--others 100000] [--write]

Three models: logistic regression and gradient boosting of scikit-learn, and a network with one hidden layer
of PyTorch. Each audit is a process of its own, with 16 references, an empty cache and the whole report. CPU
time begins when the model is trained and ends when the report is written; memory is the peak of the process
beside what it held by then.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from page import bars, head, machine, publish, row

import confide
from confide.audits.progress import Stage

COLUMNS = 50
MODELS = ("logistic regression", "gradient boosting", "network")
MOST_SECONDS, MOST_BYTES = 300, 2e9

Side = tuple[np.ndarray, np.ndarray]


def people(n: int, *, columns: int = COLUMNS, seed: int = 0) -> Side:
    """Records of normal columns, whose class is a noisy linear rule of them."""
    rule = np.random.default_rng(12).standard_normal(columns) / columns**0.5
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, columns))
    return x, (x @ rule * 2.8 + rng.standard_normal(n) > 0).astype(np.int64)


def trained(kind: str, side: Side) -> Any:
    """A model of this kind on these records."""
    x, y = side
    if kind == "network":
        return _network(x, y)
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    made: dict[str, Callable[[], Any]] = {
        "logistic regression": LogisticRegression,
        "gradient boosting": lambda: HistGradientBoostingClassifier(max_iter=50, random_state=0),
        "random forest": lambda: RandomForestClassifier(50, max_depth=12, random_state=0),
    }
    return made[kind]().fit(x, y)


def _network(x: np.ndarray, y: np.ndarray, *, epochs: int = 2) -> Any:
    import torch
    from torch.nn.functional import cross_entropy

    torch.manual_seed(0)
    inside, labels = torch.tensor(x, dtype=torch.float32), torch.tensor(y)
    net = torch.nn.Sequential(torch.nn.Linear(x.shape[1], 64), torch.nn.ReLU(), torch.nn.Linear(64, 2))
    steps = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(y)).split(256):
            steps.zero_grad()
            cross_entropy(net(inside[rows]), labels[rows]).backward()
            steps.step()
    return net


def peak() -> int:
    """The most bytes that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(kind: str, members: int, others: int) -> dict[str, Any]:
    """One audit, in this process."""
    inside, outside = people(members, seed=1), people(others, seed=2)
    model = trained(kind, inside)
    began, held = time.process_time(), peak()
    stages: list[tuple[str, float]] = []

    def watch(stage: Stage) -> None:
        stages.append((stage.kind, time.process_time()))

    with tempfile.TemporaryDirectory() as folder:
        done = confide.audit(
            confide.Model(model, members=inside, nonmembers=outside),
            cache=Path(folder) / "cache",
            progress=watch,
        )
        done.save(Path(folder) / "report")
        page = sum(p.stat().st_size for p in (Path(folder) / "report").iterdir())
    spent: dict[str, float] = {}
    for (name, at), (_, after) in pairwise(stages):
        spent[name] = spent.get(name, 0.0) + after - at
    found = done.sections[0]
    auc = found.headline.risk.auc
    return {
        "seconds": time.process_time() - began,
        "bytes": peak() - held,
        "page": page,
        "spent": spent,
        "headline": f"{auc.value:.3f} [{auc.low:.3f}, {auc.high:.3f}]",
        "asked": [f.risk.exposed_count + f.risk.control_count for f in found.findings],
    }


def in_a_process(*words: str) -> dict[str, Any]:
    """What this script prints of itself for these words, from a process of its own."""
    done = subprocess.run([sys.executable, *words], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Audit each model and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=200_000)
    parser.add_argument("--others", type=int, default=100_000)
    parser.add_argument("--one", choices=MODELS)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(run(given.one, given.members, given.others)))
        return
    size = ["--members", str(given.members), "--others", str(given.others)]
    found = {kind: in_a_process(__file__, "--one", kind, *size) for kind in MODELS}
    steps = ("reading", "references", "attack", "measuring", "exhibits", "drawing")
    quick = all(one["seconds"] <= MOST_SECONDS for one in found.values())
    lines = [
        "# Audit of a model on many records",
        "",
        f"{given.members:,} members, {given.others:,} others, {COLUMNS} columns, 16 references; "
        "label-only asks a sample. CPU seconds from the trained model to the written report, and the peak of "
        "memory beside model and records.",
        "",
        *head(
            "model",
            *steps,
            "all, s",
            "memory, MB",
            "report, MB",
            "AUC of the headline, with the report's interval",
        ),
        *(
            row(
                kind,
                *(f"{one['spent'].get(step, 0.0):.1f}" for step in steps),
                f"{one['seconds']:.0f}",
                f"{one['bytes'] / 1e6:,.0f}",
                f"{one['page'] / 1e6:.1f}",
                one["headline"],
            )
            for kind, one in found.items()
        ),
        "",
        *bars(
            [
                (f"at most {MOST_SECONDS} CPU seconds", quick),
                (f"at most {MOST_BYTES / 1e9:.0f} GB", all(o["bytes"] <= MOST_BYTES for o in found.values())),
            ]
        ),
        "",
        f"One run each, seeds 1 and 2 for the records, 7 for the audit. `OMP_NUM_THREADS=1 python benchmarks/"
        f"large_model_audit.py --write`; {machine()}.",
    ]
    publish(lines, "large_model_audit", write=given.write)


if __name__ == "__main__":
    main()
