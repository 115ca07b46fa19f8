#!/usr/bin/env bash
# Builds the deployable packages with SAM and checks what came out. SAM builds with the interpreter of the runtime, so this
# needs python3.13 with pip; without one it says NOT RUN and ends well, because nothing is known to be wrong.
set -euo pipefail
cd "$(dirname "$0")/.."

works() { python3.13 -m pip --version >/dev/null 2>&1; }
if ! works && command -v pyenv >/dev/null; then
    version=$(pyenv versions --bare --skip-aliases 2>/dev/null | grep -E '^3\.13\.[0-9]+$' | sort -V | tail -n 1 || true)
    if [[ -n $version ]]; then
        PATH="$(pyenv prefix "$version")/bin:$PATH"
        export PATH
    fi
fi
if ! works; then
    cat >&2 <<'MESSAGE'
**********************************************************************************************
*  NOT RUN: sam build. It needs python3.13 with pip on PATH (or installed by pyenv): 3.13 is  *
*  the runtime that the packages are built for. Nothing was built and nothing was checked.    *
**********************************************************************************************
MESSAGE
    exit 0
fi

tools/venv.sh .venv-sam requirements/sam.txt
echo "Building for the runtime python3.13, arm64"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
.venv-sam/bin/sam build >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
python3.13 tools/compile_packages.py .aws-sam/build
tools/venv.sh .venv-gates requirements/gates.txt
.venv-gates/bin/python -m tools.sbom .aws-sam/build
.venv/bin/python -m tools.check_build .aws-sam/build
