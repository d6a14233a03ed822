#!/bin/sh
# The sources broken by machine (PIT), package by package, and the share of the changes that a test notices: make pit
# Usage: scripts/pit.sh [PACKAGE ...]   such as: scripts/pit.sh pool.managed lifecycle
# Only pure packages: what touches the outside is tested by processes, which PIT does not see.
set -eu
cd "$(dirname "$0")/.."

# A package, the classes of it without the adapters and without what another row has, and the tests that are held against it.
rows() {
  cat <<'ROWS'
pool.role     RoleTrack*                              pool.role.*Test
pool.managed  Planner*,SortedPool*,Demand*,Wish*      pool.managed.PlannerTest,pool.managed.WishTest
pod.metadata  DesiredMetadata*,DeletionCostBand*,MetadataTrack*,MetadataPatch,MetadataPatch$*  pod.metadata.*Test
ROWS
}

full() { # dev.pilotlight.PREFIX before each of the comma-separated names in $2
  printf '%s' "$2" | sed "s/^/dev.pilotlight.$1/; s/,/,dev.pilotlight.$1/g"
}

run() {
  JAVA_HOME=$(scripts/java-home.sh) ./mvnw -q -B -ntp -Ppit org.pitest:pitest-maven:mutationCoverage \
    -DtargetClasses="$(full "$1." "$2")" -DtargetTests="$(full '' "$3")" -DreportsDirectory="target/pit/$1" \
    > "target/pit/$1.log" 2>&1 || { tail -n 30 "target/pit/$1.log" >&2; exit 1; }
  awk -F, -v name="$1" '{ all++; dead += $6 ~ /KILLED|TIMED_OUT|MEMORY_ERROR|RUN_ERROR/ }
    END { printf "%-14s %3d of %3d, %d %%\n", name, dead, all, all ? 100 * dead / all : 100 }' "target/pit/$1/mutations.csv"
}

mkdir -p target/pit
rows | while read -r package classes tests; do
  case " ${*:-$package} " in *" $package "*) run "$package" "$classes" "$tests" ;; esac
done
