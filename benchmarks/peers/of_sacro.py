"""Scores by SACRO-ML: of_sacro.py TASK RUN SEED SIGNALS OUT"""

import sys
from tempfile import TemporaryDirectory

import numpy as np
from network import target
from sacroml.attacks.likelihood_attack import LIRAAttack
from sacroml.attacks.qmia_attack import QMIAAttack
from sacroml.attacks.target import Target
from sacroml.attacks.worst_case_attack import WorstCaseAttack


class Lira(LIRAAttack):
    """LiRA whose scores are looked at; its own report of them would do the slowest of its work twice."""

    def _compute_scores(self, *given):
        self.seen = super()._compute_scores(*given)
        return self.seen


def main(task_file: str, run: str, seed: str, _: str, out: str) -> None:
    task = np.load(task_file)
    x, y, member = task["x"], task["y"], task["member"]
    score = np.full(len(x), np.nan)
    order = np.concatenate([np.flatnonzero(member), np.flatnonzero(~member)])
    with TemporaryDirectory() as folder:
        held = Target(
            model=target(task),
            model_module_path="network.py",
            model_name="Network",
            model_params={},
            train_module_path="network.py",
            train_params={"epochs": int(task["epochs"])},
            batch_size=128 if run == "lira_best" else None,
            dataset_name="common task",
            X_train=x[member],
            y_train=y[member],
            X_test=x[~member],
            y_test=y[~member],
        )
        files = {"output_dir": folder, "write_report": False}
        if run in ("lira", "lira_best"):
            best = {"mode": "online-carlini", "fix_variance": True} if run == "lira_best" else {}
            attack = Lira(n_shadow_models=int(task["references"]), **files, **best)
            attack.attack(held)
            score[order] = [second for _, second in attack.seen[0]]
        elif run == "quantile":
            attack = QMIAAttack(report_individual=True, random_state=int(seed), **files)
            attack.attack(held)
            score[order] = attack.attack_metrics[0]["individual"]["member_prob"]
        else:
            # One of its ten repetitions, which differ in who is known: a record is then asked about once.
            attack = WorstCaseAttack(n_reps=1, report_individual=True, reproduce_split=int(seed), **files)
            attack.attack(held)
            (found,) = (part["individual"] for part in attack.attack_metrics)
            np.savez(out, score=found["member_prob"], member=np.asarray(found["member"], bool))
            return
    np.savez(out, score=score)


if __name__ == "__main__":
    main(*sys.argv[1:])
