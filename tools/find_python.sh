#!/usr/bin/env bash
# Prints the path of a Python >= 3.11, or says what is missing. PYTHON=/path/to/python overrides the search.
set -euo pipefail
ok() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
if [[ -n ${PYTHON:-} ]]; then
    ok "$PYTHON" || { echo "PYTHON=$PYTHON is not a Python >= 3.11." >&2; exit 1; }
    command -v "$PYTHON"
    exit
fi
for name in python3 python3.13 python3.12 python3.11 python3.14 python; do
    if path=$(command -v "$name") && ok "$path"; then
        echo "$path"
        exit
    fi
done
found=$(python3 --version 2>/dev/null || echo "no python3 at all")
echo "Shipby needs Python >= 3.11 and found $found. Install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2
exit 1
