#!/usr/bin/env bash
# Run a command beside four busy loops: what holds on a quiet machine has to hold on a busy one.
set -euo pipefail
loops=()
trap 'kill "${loops[@]}" 2>/dev/null || true' EXIT
for _ in 1 2 3 4; do
    # Bounded, so that nothing is left turning whatever becomes of this script.
    timeout 1800 bash -c 'while :; do :; done' &
    loops+=("$!")
done
"$@"
