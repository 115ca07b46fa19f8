#!/usr/bin/env bash
# tools/venv.sh <folder> <lock file> [--editable]: a virtual environment that holds exactly what the lock file says.
# Plain pip, so the user's own pip configuration (index, proxy, certificates) applies. The lock is complete, hence --no-deps.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1 lock=$2 editable=${3:-}
mark="$folder/.locked"
fingerprint=$(cat "$lock" tools/venv.sh ${editable:+pyproject.toml} | cksum)
if [[ -f $mark && $(<"$mark") == "$fingerprint" ]] && "$folder/bin/python" -c '' 2>/dev/null; then
    exit 0
fi
python=$(tools/find_python.sh)
if ! "$folder/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Creating $folder with $("$python" --version) ($python)"
    "$python" -m venv --clear "$folder" || {
        echo "$python cannot create virtual environments. On Debian and Ubuntu: apt install python3-venv" >&2
        exit 1
    }
fi
rm -f "$mark"
echo "Installing the locked versions of $lock into $folder (the first time takes a minute or two)"
pip() { "$folder/bin/python" -m pip --disable-pip-version-check "$@"; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run() { "$@" >"$log" 2>&1 || { cat "$log" >&2; echo "Failed: $*" >&2; exit 1; }; }
# Byte code is written on first import; compiling all of it now would take most of the time.
run pip install --no-compile --no-deps --require-hashes -r "$lock"
if [[ $editable == --editable ]]; then
    run pip install --no-deps --no-build-isolation -e .
fi
run pip check
echo "$fingerprint" >"$mark"
