#!/usr/bin/env bash
# Answers of a researcher's own models, known attacks, and an attack of their own beside them.
cd "$(dirname "$0")" || exit 2
python research.py
confide audit logits data/phi.npz --target 0 --coins --limit tpr@0.01=0.2 --out out/known --cache out/cache
echo "known attacks: exit code $?"
python research.py attack
echo "own attack: exit code $?"
