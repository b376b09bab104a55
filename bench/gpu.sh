#!/bin/sh
# bench/gpu.sh FOLDER MINUTES [OPTIONS]: python -m bench.gpu on a machine that has torch and a GPU.
#
# It reaches no registry. Packages that the machine lacks are taken from .wheels, which
# `bench/gpu_wheels.sh` fills elsewhere. It ends within the minutes, whatever hangs.
set -eu
cd "$(dirname "$0")/.."
folder=$1 minutes=$2
shift 2
python=.venv/bin/python
[ -x "$python" ] || python=$(command -v python3)
export PYTHONPATH=$PWD DVC_NO_ANALYTICS=1 DO_NOT_TRACK=true PYTHONUNBUFFERED=1
if [ -d .wheels ]; then
  site=$(mktemp -d)
  trap 'rm -rf "$site"' EXIT
  "$python" -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --target "$site" .wheels/*.whl
  PYTHONPATH=$PYTHONPATH:$site
fi
timeout -k 10 "$((minutes * 60))" "$python" -m bench.gpu "$folder" --minutes "$minutes" "$@"
