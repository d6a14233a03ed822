#!/usr/bin/env bash
# Runs a Maven build and says what it is at, a line a step with the seconds so far; all of its output only if it fails.
#   progress.sh COMMAND...
set -euo pipefail
log=target/run/build.log
mkdir -p "${log%/*}"
echo "building (the first time downloads some 300 files) ..."
say() { printf '  %4d s  %s\n' "$SECONDS" "$1"; }
set +e
"$@" 2>&1 | tee "$log" | {
    files=0
    while IFS= read -r line; do
        case $line in
            *"Downloaded from"*)
                files=$((files + 1))
                [[ $((files % 50)) != 0 ]] || say "$files files downloaded" ;;
            "[INFO] --- "*) # [INFO] --- plugin:version:goal (execution) @ project ---
                step=${line#\[INFO\] --- } step=${step%% *}
                plugin=${step%%:*} goal=${step##*:}
                case "$plugin $goal" in
                    *quarkus* | "quarkus "*) [[ $goal != build ]] || say "the application is put together" ;;
                    *compiler*" compile") say "the sidecar is compiled" ;;
                    *compiler*" testCompile") say "the simulated engine is compiled" ;;
                esac ;;
        esac
    done
}
code=${PIPESTATUS[0]}
set -e
[[ $code == 0 ]] || { grep -v 'Download' "$log" >&2 || true; echo "the build failed; the lines above say why" >&2; exit "$code"; }
say "built"
