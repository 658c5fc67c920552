#!/usr/bin/env bash
# Installs one tool in a virtual environment of its own: install.sh NAME FOLDER
# The versions are those that results/peers.md was made with. Nothing here is a dependency of confide.
set -euo pipefail
name=${1:?which tool}
folder=${2:?in which folder}
torch="torch==2.13.0"

case $name in
  art)                packages=("adversarial-robustness-toolbox==1.20.1" "packaging" "$torch") ;;  # packaging: it imports it, and does not declare it
  sacroml)            packages=("sacroml==2.0.1" "$torch") ;;
  holisticai)         packages=("holisticai==1.0.14") ;;
  privacyguard)       packages=("privacyguard-platform==0.0.2" "$torch") ;;
  opake-auditing)     packages=("opake-auditing==0.16.1" "$torch") ;;
  jax-privacy)        packages=("jax-privacy==2.0.0") ;;
  ai-privacy-toolkit) packages=("ai-privacy-toolkit==0.2.1" "$torch") ;;
  privacy-meter)      packages=("privacy-meter==1.0.1") ;;
  leakpro)            packages=("leakpro==0.0.1") ;;
  tensorflow-privacy) packages=("tensorflow-privacy==0.9.0") ;;
  aijack)             packages=("aijack==0.0.1b2") ;;
  *) echo "unknown tool: $name" >&2; exit 2 ;;
esac

python3 -m venv "$folder/$name"
exec "$folder/$name/bin/python" -m pip install --quiet "${packages[@]}"
