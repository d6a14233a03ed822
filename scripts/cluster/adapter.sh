#!/usr/bin/env bash
# Builds the real prometheus-adapter out of src/cluster-adapter into the cache and prints its path; a second run only looks.
# 3 minutes and 60 MB of Go modules the first time.
#
# Exit code 69: something is missing (the message says how to fix it).
#
# Environment: PILOTLIGHT_CACHE and PILOTLIGHT_GO, as in cluster.sh
set -euo pipefail

source=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../../src/cluster-adapter" && pwd)
cache=${PILOTLIGHT_CACHE:-${XDG_CACHE_HOME:-${HOME:?neither PILOTLIGHT_CACHE nor HOME is set}/.cache}/pilotlight}/cluster
program=$cache/adapter-$(cat "$source"/go.{mod,sum} | sha256sum | cut -c1-16)

if [[ ! -x $program ]]; then
    go=$(command -v "${PILOTLIGHT_GO:-go}") \
        || { echo "adapter.sh: there is no go; install it from https://go.dev/dl or set PILOTLIGHT_GO" >&2; exit 69; }
    mkdir -p "$cache"
    exec 9> "$program.lock"
    flock 9 # two tests may want it at once
    [[ -x $program ]] || {
        (cd -- "$source" && CGO_ENABLED=0 "$go" build -trimpath -buildvcs=false -ldflags "-s -w" -o "$program.new" \
            sigs.k8s.io/prometheus-adapter/cmd/adapter) >&2 \
            || { echo "adapter.sh: the build failed; the lines above say why (it needs a Go module proxy the first time)" >&2; exit 69; }
        mv "$program.new" "$program"
    }
fi
echo "$program"
