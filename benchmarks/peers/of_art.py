"""Scores by the Adversarial Robustness Toolbox: of_art.py TASK RUN SEED SIGNALS OUT"""

import sys

import numpy as np
import torch
from art.attacks.inference.membership_inference import (
    MembershipInferenceBlackBox,
    MembershipInferenceBlackBoxRuleBased,
)
from art.estimators.classification import PyTorchClassifier
from network import target

SETTINGS = {
    "prediction": {"input_type": "prediction", "attack_model_type": "nn"},
    "loss": {"input_type": "loss", "attack_model_type": "nn"},
    "forest": {"input_type": "prediction", "attack_model_type": "rf"},
}


def main(task_file: str, run: str, seed: str, _: str, out: str) -> None:
    task = np.load(task_file)
    x, y, member = task["x"], task["y"], task["member"]
    torch.manual_seed(int(seed))
    np.random.seed(int(seed))  # noqa: NPY002 - its forest draws from there
    model = PyTorchClassifier(target(task), torch.nn.CrossEntropyLoss(reduction="none"), (600,), 100)
    score = np.full(len(x), np.nan)
    if run == "rule":
        score[:] = np.ravel(MembershipInferenceBlackBoxRuleBased(model).infer(x, y))
    else:
        order = np.random.default_rng(int(seed)).permutation(len(x))
        yes, no = order[member[order]], order[~member[order]]
        known, asked = (np.concatenate([half(yes), half(no)]) for half in (first, second))
        yes, no = known[member[known]], known[~member[known]]
        attack = MembershipInferenceBlackBox(model, **SETTINGS[run])
        attack.fit(x[yes], y[yes], x[no], y[no])
        score[asked] = np.asarray(attack.infer(x[asked], y[asked], probabilities=True))[:, -1]
    np.savez(out, score=score)


def first(rows: np.ndarray) -> np.ndarray:
    return rows[: len(rows) // 2]


def second(rows: np.ndarray) -> np.ndarray:
    return rows[len(rows) // 2 :]


if __name__ == "__main__":
    main(*sys.argv[1:])
