#!/usr/bin/env bash
# Reads the GPUs of this machine with our NVML probe and with nvidia-smi at the same time, and prints both.
#   scripts/gpu-check.sh [times]
# Wants Java 25 (JAVA_HOME or PATH) and the compiled classes (CLASSES, else target/classes:target/test-classes; where
# they are missing and javac is there, it compiles them). OUT: a folder to keep both outputs in.
set -euo pipefail
cd "$(dirname "$0")/.."
times=${1:-3}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
javac=${JAVA_HOME:+$JAVA_HOME/bin/}javac
out=${OUT:-$(mktemp -d)}
mkdir -p "$out"
classes=${CLASSES:-target/classes:target/test-classes}
if [ -z "${CLASSES:-}" ] && [ ! -e target/test-classes/dev/pilotlight/gpu/nvml/NvmlReport.class ]; then
  classes=$out/classes
  "$javac" -proc:none -nowarn -d "$classes" -sourcepath src/main/java:src/test/java src/test/java/dev/pilotlight/gpu/nvml/NvmlReport.java
fi

fields=index,uuid,name,driver_version,utilization.gpu,memory.used,memory.reserved,memory.total,temperature.gpu,power.draw
fields+=,ecc.errors.uncorrected.volatile.total,ecc.errors.uncorrected.aggregate.total,mig.mode.current
reasons=clocks_event_reasons.active
nvidia-smi --query-gpu=$reasons --format=csv >/dev/null 2>&1 || reasons=clocks_throttle_reasons.active

"$java" --enable-native-access=ALL-UNNAMED -cp "$classes" dev.pilotlight.gpu.nvml.NvmlReport "$times" >"$out/nvml.txt" 2>&1 &
probe=$!
for _ in $(seq "$times"); do
  date -u +%FT%TZ
  nvidia-smi --query-gpu=$fields,$reasons --format=csv
  sleep 1
done >"$out/nvidia-smi.txt" 2>&1 || true
nvidia-smi --query-remapped-rows=gpu_uuid,remapped_rows.uncorrectable,remapped_rows.pending,remapped_rows.failure \
  --format=csv >>"$out/nvidia-smi.txt" 2>&1 || true
nvidia-smi -L >>"$out/nvidia-smi.txt" 2>&1 || true
status=0
wait "$probe" || status=$?

echo "== our probe"
cat "$out/nvml.txt"
echo "== nvidia-smi"
cat "$out/nvidia-smi.txt"
exit "$status"
