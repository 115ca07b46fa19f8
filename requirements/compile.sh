#!/usr/bin/env bash
# Locks every requirements/*.in: hashes, no download addresses. Run by `make lock`.
set -euo pipefail
cd "$(dirname "$0")"
uv=${UV:-uv}
export UV_CUSTOM_COMPILE_COMMAND="make lock"
lock() { "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links "$@"; }
lock runtime.in -o runtime.txt
for name in label_generation notifications dev gates sam; do lock "$name.in" -o "$name.txt"; done
cp runtime.txt ../layers/common/src/requirements.txt
for name in label_generation notifications; do cp "$name.txt" "../functions/$name/requirements.txt"; done
