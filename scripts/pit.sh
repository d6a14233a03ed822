#!/bin/sh
# The sources broken by machine (PIT), package by package, and the share of the changes that a test notices.
# Usage: scripts/pit.sh [PACKAGE ...]   such as: scripts/pit.sh pool.managed range; all of the list without one
# Only what is pure: what touches the outside is tested by processes, which PIT does not see.
set -eu
cd "$(dirname "$0")/.."

# A package (and a part of it, where all at once would take too long), its classes with a decision in them, and the tests that are held
# against these.
rows() {
  cat <<'ROWS'
range              *                                                                  range.*Test,engine.VllmPageTest
pool.role          RoleTrack                                                          pool.role.*Test
pool.plan          Plan,PlanView,NamedPods                                            pool.plan.*Test
pool.election      Election,LeaseView                                                 pool.election.*Test
pool.managed       Planner,SortedPool,Wish,Demand,Growth                              pool.managed.PlannerTest,pool.managed.SortedPoolTest,pool.managed.WishTest
pod.metadata       DesiredMetadata,DeletionCostBand,MetadataTrack,MetadataPatch       pod.metadata.*Test
gpu.faults         GpuJudgement,GpuMemory                                             gpu.faults.*Test
signal/limits      Limits*                                                            signal.LimitsTest
signal/inflow      PoolInflow                                                         signal.PoolInflowTest
signal/forecast    Week,Forecast*                                                     signal.ForecastTest
signal/arrivals    ArrivalRate*                                                       signal.ArrivalRateTest
lifecycle/steps    Lifecycle,WarmUpSteps,OwnRequests                                  lifecycle.*Test,loop.ConditionsTest,loop.TickTest,loop.CasesTest
lifecycle/verdicts Judgement,Evidence                                                 lifecycle.*Test,loop.ConditionsTest,loop.TickTest,loop.CasesTest
lifecycle/progress Progress,Pulse                                                     lifecycle.*Test,loop.ConditionsTest,loop.TickTest,loop.CasesTest
ROWS
}

full() { # dev.pilotlight.PREFIX before each of the comma-separated names in $2
  printf '%s' "$2" | sed "s/^/dev.pilotlight.$1/; s/,/,dev.pilotlight.$1/g"
}

run() {
  package=${1%%/*}
  mkdir -p "target/pit/$1"
  if ! ./mvnw -q -B -ntp -Ppit org.pitest:pitest-maven:mutationCoverage -DtargetClasses="$(full "$package." "$2")" \
    -DtargetTests="$(full '' "$3")" -DreportsDirectory="target/pit/$1" > "target/pit/$1/log" 2>&1 < /dev/null; then
    tail -n 30 "target/pit/$1/log" >&2
    exit 1
  fi
  awk -F, -v name="$1" '{ all++; noticed += $6 ~ /KILLED|TIMED_OUT|MEMORY_ERROR|RUN_ERROR/; late += $6 == "TIMED_OUT" }
    END { printf "%-18s %4d of %4d: %d %%, %d of them by time\n", name, noticed, all, all ? 100 * noticed / all : 100, late }' "target/pit/$1/mutations.csv"
}

JAVA_HOME=$(scripts/java-home.sh)
export JAVA_HOME
mkdir -p target/pit
wanted=" $* "
rows | while read -r name classes tests; do
  if [ "$wanted" = "  " ] || [ "${wanted#* "$name" }" != "$wanted" ] || [ "${wanted#* "${name%%/*}" }" != "$wanted" ]; then
    run "$name" "$classes" "$tests"
  fi
done
