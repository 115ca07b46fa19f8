#!/usr/bin/env bash
# Locks every requirements/*.in: hashes, no download addresses. What ships is locked where it ships. Run by `make lock`.
set -euo pipefail
cd "$(dirname "$0")"
uv=${UV:-uv}
export UV_CUSTOM_COMPILE_COMMAND="make lock"
lock() { "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links "$@"; }
lock runtime.in -o ../layers/common/src/requirements.txt
for name in console label_generation notifications seller_api; do lock "$name.in" -o "../functions/$name/requirements.txt"; done
for name in dev gates sam; do lock "$name.in" -o "$name.txt"; done
