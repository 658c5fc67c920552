#!/usr/bin/env bash
# Weights that are about to be published: what it costs, an audit that is interrupted, and the rest of it.
cd "$(dirname "$0")" || exit 2
set -m  # so that the audit in the background hears Ctrl-C
mkdir -p out
python net.py

audit() {
    confide audit model net:architecture --weights data/net.safetensors --access white-box \
        --members data/train.npz --nonmembers data/holdout.npz --train net:train --references 4 \
        --limit auc=0.6 --out out/report --cache out/cache "$@"
}

# What would be played, about how long it takes, and how much memory.
audit --dry-run

# The machine is needed for something else: Ctrl-C for the audit (its process group) once two pieces of work are kept.
audit --quiet &
while kill -0 $! 2> /dev/null; do
    [ "$(find out/cache -name '*.kept' 2> /dev/null | wc -l)" -ge 2 ] && kill -INT -- -$! && break
    sleep 0.1
done
wait $!
echo "interrupted: exit code $?"
find out/cache -name '*.kept' | sort > out/kept_then

# The same command again goes on where it was.
audit
echo "went on: exit code $?"
