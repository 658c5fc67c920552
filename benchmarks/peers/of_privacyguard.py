"""Scores by PrivacyGuard from references' signals: of_privacyguard.py TASK RUN SEED SIGNALS OUT"""

import sys

import numpy as np
import pandas as pd
from privacy_guard.analysis.mia.aggregate_analysis_input import AggregationType
from privacy_guard.attacks.lira_attack import LiraAttack
from privacy_guard.attacks.rmia_attack import RmiaAttack


def main(task_file: str, run: str, seed: str, signals_file: str, out: str) -> None:
    member, signals = np.load(task_file)["member"], np.load(signals_file)
    rows = pd.DataFrame({"user_id": np.arange(len(member))})
    as_they_are = {"row_aggregation": AggregationType.NONE}
    included = signals["included"]
    if run.startswith("rmia"):
        people = pd.DataFrame({"user_id": np.arange(signals["on_population"].shape[1])})
        for frame, p in ((rows, signals["on_pool"]), (people, signals["on_population"])):
            frame["score_orig"] = p[0]
            more = {f"score_ref_{j}": p[j + 1] for j in range(len(included))}
            known = included if frame is rows else np.zeros((len(included), len(people)), bool)
            more |= {f"member_ref_{j}": known[j] for j in range(len(included))}
            for name, column in more.items():
                frame[name] = column
        online = {"online": True, "num_reference_models": len(included)} if run == "rmia_online" else {}
        attack = RmiaAttack(rows[member], rows[~member], people, **as_they_are, **online)
    else:
        logits = signals["logits"]
        rows["score_orig"] = logits[0]
        for side, mask in (("in", included), ("out", ~included)):
            one_side = np.where(mask, logits[1:], np.nan)
            rows[f"score_mean_{side}"] = np.nanmean(one_side, axis=0)
            rows[f"score_std_{side}"] = np.nanstd(one_side, axis=0)
        rows["score_mean"], rows["score_std"] = rows["score_mean_out"], rows["score_std_out"]
        best = {"online_attack": True, "std_dev_type": "mix", "use_fixed_variance": True}
        attack = LiraAttack(
            rows[member].copy(), rows[~member].copy(), **as_they_are, **(best if run == "lira_online" else {})
        )
    attack.run_attack()
    score = np.full(len(member), np.nan)
    for frame in (attack.df_train_merge, attack.df_test_merge):
        score[frame["user_id"].to_numpy()] = frame["score"].to_numpy()
    np.savez(out, score=score)


if __name__ == "__main__":
    main(*sys.argv[1:])
