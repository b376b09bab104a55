#!/bin/sh
# bench/gpu_wheels.sh [PYTHON]: fetch into .wheels what a machine with torch lacks to train lienet.
#
# PYTHON is that machine's version, 3.12 if nothing is said. The versions are those of
# constraints.txt.
set -eu
cd "$(dirname "$0")/.."
python=${1:-3.12}
names="annotated-types lightning-fabric lightning-utilities pydantic pydantic-core typing-extensions typing-inspection"
wanted=
for name in $names; do
  wanted="$wanted $(grep -i "^$(echo "$name" | tr - .)==" constraints.txt)"
done
# shellcheck disable=SC2086
python3 -m pip download -q --no-deps --only-binary=:all: --python-version "$python" \
  --implementation cp --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 -d .wheels $wanted
ls .wheels
