#!/usr/bin/env bash
# One command: rxrun's training step against plain PyTorch's, in turn. usage: run.sh [BUILD_FOLDER] [ROUNDS] [STEPS]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-$here/../../build}
rounds=${2:-7}
steps=${3:-3}
python=${PYTHON:-/usr/bin/python3}
step=$build/tests/step_benchmark
results=$build/tests/step_benchmark.jsonl
: > "$results"
for ((round = 1; round <= rounds; ++round)); do
  ours=$("$step" --steps "$steps")
  as_it_starts=$("$python" "$here/step.py" measure --steps "$steps")
  two_threads=$("$python" "$here/step.py" measure --steps "$steps" --threads 2)
  printf '[%s, %s, %s]\n' "$ours" "$as_it_starts" "$two_threads" >> "$results"
  echo "round $round of $rounds" >&2
done
"$python" "$here/step.py" report "$results"
