#!/usr/bin/env bash
# Builds a real KEDA, the operator and the metrics adapter, out of its Go module into the cache, beside the module's own manifests, and
# prints the folder: operator, adapter, config/. A second run only looks.
#
#   keda.sh             builds it if need be
#   keda.sh --version   prints the version that is tested with, and builds nothing
#
# It is built inside of the module, whose go.mod and go.sum then say which versions of its many dependencies a release is made of.
# 9 minutes on two cores and 1.5 GB of Go modules the first time.
#
# Exit codes: 64 wrong use, 69 something is missing (the message says how to fix it).
#
# Environment: PILOTLIGHT_CACHE and PILOTLIGHT_GO, as in ../cluster/cluster.sh
set -euo pipefail

version=v2.21.0
module=github.com/kedacore/keda/v2
cache=${PILOTLIGHT_CACHE:-${XDG_CACHE_HOME:-${HOME:?neither PILOTLIGHT_CACHE nor HOME is set}/.cache}/pilotlight}/cluster
folder=$cache/keda-$version

fail() { local code=$1; shift; echo "keda.sh: $*" >&2; exit "$code"; }

build() {
    local go source program
    go=$(command -v "${PILOTLIGHT_GO:-go}") || fail 69 "there is no go; install it from https://go.dev/dl or set PILOTLIGHT_GO"
    # Outside of any module of our own, where its versions would have a say; a module that wants a newer Go brings it along.
    export GOTOOLCHAIN=auto CGO_ENABLED=0
    source=$(cd / && "$go" mod download -json "$module@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    [[ -d $source ]] || fail 69 "no $module@$version; it needs a Go module proxy the first time"
    echo "building KEDA $version in $folder (9 minutes the first time)" >&2
    for program in operator adapter; do
        (cd -- "$source" && "$go" build -mod=readonly -trimpath -buildvcs=false \
            -ldflags "-s -w -X $module/version.Version=$version" -o "$folder.new/$program" "./cmd/$program") >&2 \
            || fail 69 "the build failed; the lines above say why (it needs a Go module proxy the first time)"
    done
    cp -R "$source/config" "$folder.new/config"
    chmod -R u+w "$folder.new/config" # a module's files are read-only
    mv "$folder.new" "$folder"
}

case $# in
    0) ;;
    *)
        [[ $# == 1 && $1 == --version ]] || { sed -n '2,/^set -euo/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 64; }
        echo "$version"
        exit
        ;;
esac
if [[ ! -d $folder ]]; then
    mkdir -p "$cache"
    exec 9> "$folder.lock"
    flock 9 # two tests may want it at once
    if [[ ! -d $folder ]]; then
        rm -rf "$folder.new"
        mkdir "$folder.new"
        build
    fi
fi
echo "$folder"
