"""Scores by confide, and the signals of its references: of_confide.py TASK RUN SEED SIGNALS OUT"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from network import Network, target

from confide import Model, audit
from confide.learners.pool import fit_many, include_halves
from confide.learners.torch.learner import TorchLearner
from confide.models.signals import log_probability, true_logit
from confide.models.torch.model import TorchModel
from confide.views.records import Records

ATTACKS = {"default": ("default",), "five": ("loss", "rmia", "lira", "student", "quantile")}


def main(task_file: str, run: str, seed: str, _: str, out: str) -> None:
    task = np.load(task_file)
    pool, people = Records(task["x"], task["y"]), Records(task["x_population"], task["y_population"])
    model, member = TorchModel(target(task)), task["member"]
    learner = TorchLearner(factory=Network, epochs=int(task["epochs"]), batch_size=128)
    if run == "references":
        halving, training = np.random.default_rng(int(seed)).spawn(2)
        included = include_halves(len(pool), int(task["references"]), rng=halving)
        models = [model, *fit_many(learner, pool, included, rng=training)]
        on_pool, on_people = ([m.predict(records.x) for m in models] for records in (pool, people))
        np.savez(
            out,
            included=included,
            on_pool=np.exp([log_probability(z, pool.y) for z in on_pool]),
            on_population=np.exp([log_probability(z, people.y) for z in on_people]),
            logits=np.array([true_logit(z, pool.y) for z in on_pool]),
            target=on_pool[0],
            shadow=on_pool[1],
        )
        return
    with TemporaryDirectory() as folder:
        held = Model(
            model,
            members=pool.take(member),
            nonmembers=pool.take(~member),
            population=people,
            train=learner,
            references=int(task["references"]),
        )
        done = audit(held, attacks=ATTACKS[run], seed=int(seed), cache=Path(folder) / "cache")
        done.save(Path(folder) / "report")
        found = {}
        for evidence in done.evidence:
            # `default` leaves its name to the attack that it chooses.
            if evidence.attack != "blind":
                found[f"score {evidence.attack}"] = evidence.table["score"].to_numpy()
                found[f"member {evidence.attack}"] = evidence.table["exposed"].to_numpy()
    if not found:
        raise SystemExit(f"no evidence of {ATTACKS[run]}: {[e.attack for e in done.evidence]}")
    np.savez(out, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
