#!/usr/bin/env bash
# Builds the real Helm out of src/helm into the cache and prints its path; a second run only looks.
# 3 minutes and 80 MB of Go modules the first time.
#
#   helm.sh           builds it if need be
#   helm.sh --built   only looks: prints nothing where it is not built
#
# Exit code 69: something is missing (the message says how to fix it).
#
# Environment: PILOTLIGHT_CACHE and PILOTLIGHT_GO, as in scripts/cluster/cluster.sh
set -euo pipefail

source=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../../src/helm" && pwd)
cache=${PILOTLIGHT_CACHE:-${XDG_CACHE_HOME:-${HOME:?neither PILOTLIGHT_CACHE nor HOME is set}/.cache}/pilotlight}/helm
program=$cache/helm-$(cat "$source"/go.{mod,sum} | sha256sum | cut -c1-16)

if [[ ${1:-} == --built ]]; then
    [[ ! -x $program ]] || echo "$program"
    exit 0
fi
if [[ ! -x $program ]]; then
    go=$(command -v "${PILOTLIGHT_GO:-go}") \
        || { echo "helm.sh: there is no go; install it from https://go.dev/dl or set PILOTLIGHT_GO" >&2; exit 69; }
    mkdir -p "$cache"
    exec 9> "$program.lock"
    flock 9 # two tests may want it at once
    [[ -x $program ]] || {
        (cd -- "$source" && CGO_ENABLED=0 "$go" build -trimpath -buildvcs=false -ldflags "-s -w" -o "$program.new" \
            helm.sh/helm/v4/cmd/helm) >&2 \
            || { echo "helm.sh: the build failed; the lines above say why (it needs a Go module proxy the first time)" >&2; exit 69; }
        mv "$program.new" "$program"
    }
fi
echo "$program"
