#!/usr/bin/env bash
# Installs the independent ZPL renderer that the tests use into .node/. Run by `make renderer`.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v npm >/dev/null || { echo "npm is not installed: the ZPL labels are drawn, but not read back" >&2; exit 1; }
mkdir -p .node
cp tools/zpl/package.json tools/zpl/package-lock.json .node/
npm ci --prefix .node --ignore-scripts --no-audit --no-fund --loglevel error
