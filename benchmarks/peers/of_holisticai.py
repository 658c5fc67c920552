"""Scores by holisticai's privacy risk score: of_holisticai.py TASK RUN SEED SIGNALS OUT"""

import sys

import numpy as np
from holisticai.security.metrics import privacy_risk_score


def main(task_file: str, run: str, seed: str, signals_file: str, out: str) -> None:
    task, signals = np.load(task_file), np.load(signals_file)
    y, seen = task["y"], signals["included"][0]
    shadow, target = probabilities(signals["shadow"]), probabilities(signals["target"])
    found = privacy_risk_score((shadow[seen], y[seen]), (shadow[~seen], y[~seen]), (target, y))
    np.savez(out, score=np.array([np.nan if value is None else value for value in found], float))


def probabilities(logits: np.ndarray) -> np.ndarray:
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
