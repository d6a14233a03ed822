# Pilot Light. `make` lists the targets; README.md says what they show.
SHELL := /bin/sh
.DEFAULT_GOAL := help

# A JDK 25 or newer, wherever it is; the default java may be an older one. Looked for only when a target needs it.
JDK = $(or $(shell scripts/java-home.sh),$(error no JDK))
MVN = JAVA_HOME="$(JDK)" ./mvnw -B -ntp
JAVA = "$(JDK)/bin/java"
PORT ?= 9110
BENCH ?= .*
VLLM ?= 0.32.0
ROUNDS ?= 20
HOURS ?= 200

define BENCH_CLASSES
$(MVN) -q -Pbench test-compile
$(MVN) -q -Pbench dependency:build-classpath -DincludeScope=test -Dmdep.outputFile=target/bench.classpath
endef

.PHONY: help run replay test test-mutants pit format package native image sbom bench bench-step bench-leak bench-webhook poll-cost soak hunt test-restarts test-vllm test-vllm-load test-vllm-drain test-cluster test-keda test-node test-chart test-limits test-native test-native-lists test-nvml test-image test-page test-dashboard clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null || grep '##' $(MAKEFILE_LIST)

run: ## the sidecar beside a simulated engine under a traffic wave; ENGINE_URL=http://host:8000 watches a real server
	@scripts/progress.sh env JAVA_HOME="$(JDK)" ./mvnw -B package -DskipTests -Dspotless.check.skip
	@exec $(JAVA) -cp target/test-classes dev.pilotlight.simulator.Demo \
	  --sidecar-jar target/quarkus-app/quarkus-run.jar --port $(PORT) $(if $(ENGINE_URL),--engine-url $(ENGINE_URL))

replay: ## what policies would have done to a trace; TRACE=my.csv POLICY=k8s/autoscaling/load SCENARIO=steps, or ARGS=--help
	@echo "building the simulator (the first time downloads the dependencies) ..."
	@$(MVN) -q test-compile -Dspotless.check.skip
	@$(MVN) -q dependency:build-classpath -DincludeScope=test -Dmdep.outputFile=target/test.classpath
	@$(JAVA) -Djava.util.logging.manager=org.jboss.logmanager.LogManager \
	  -cp "target/test-classes:target/classes:$$(cat target/test.classpath)" dev.pilotlight.replay.Main \
	  $(if $(TRACE),--trace $(TRACE)) $(if $(POLICY),--policy $(POLICY)) $(if $(SCENARIO),--scenario "$(SCENARIO)") $(ARGS)

test: ## everything that needs no network beyond the package registry
	$(MVN) verify

test-mutants: ## formulas and promises broken one by one in the sources: a test fails for each
	$(MVN) test -Dtest='LoadMutantsTest,PromisesTest' -Dtests.include=mutants -Dtests.exclude=none -Dspotless.check.skip

pit: ## the sources broken by machine (PIT), and the share that a test notices; PACKAGES="pool.managed range" for some
	$(MVN) -q test-compile
	scripts/pit.sh $(PACKAGES)

format: ## format the sources
	$(MVN) -q spotless:apply

package: ## the JVM application in target/quarkus-app
	$(MVN) -q package -DskipTests

native: ## the native binary: local native-image (GraalVM or Mandrel 25) if there is one, else a container build
	@if [ -x "$${GRAALVM_HOME:-/nonexistent}/bin/native-image" ] || command -v native-image >/dev/null 2>&1; then \
	  $(MVN) package -Dnative -DskipTests; \
	elif command -v docker >/dev/null 2>&1 || command -v podman >/dev/null 2>&1; then \
	  $(MVN) package -Dnative -DskipTests -Dquarkus.native.container-build=true; \
	else \
	  echo "make native needs GraalVM or Mandrel 25 (set GRAALVM_HOME), or docker or podman for a container build" >&2; exit 1; \
	fi

image: ## builds and pushes the image without a Docker daemon: IMAGE=registry/name:tag, KIND=jvm for the one with a JVM
	scripts/image/image.sh $(or $(KIND),native) '$(IMAGE)'

sbom: ## what is in the image, as CycloneDX: target/bom.json
	$(MVN) -q -Psbom org.cyclonedx:cyclonedx-maven-plugin:makeBom

bench: ## JMH benchmarks; BENCH=PageReading runs those whose name matches
	$(BENCH_CLASSES)
	$(JAVA) -cp "target/test-classes:target/classes:$$(cat target/bench.classpath)" org.openjdk.jmh.Main '$(BENCH)' -prof gc $(JMH)

bench-step: ## how soon a step in the engine's queue shows in /metrics: the distribution of 200 steps
	$(MVN) -q package -DskipTests
	$(BENCH_CLASSES)
	$(JAVA) -cp "target/test-classes:target/classes" dev.pilotlight.loop.StepLatency $(STEPS)

bench-leak: ## 200,000 reads of 8 simulated GPUs: resident memory on the way
	$(BENCH_CLASSES)
	$(JAVA) -Xms32m -Xmx32m -XX:+AlwaysPreTouch -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED \
	  -cp "target/test-classes:target/classes:$$(cat target/bench.classpath)" dev.pilotlight.gpu.nvml.NvmlLeak 200000

bench-webhook: ## the admission webhook under 200 reviews a second for a minute; REVIEWS="500 30" for others
	$(MVN) -q package -DskipTests
	$(BENCH_CLASSES)
	$(JAVA) -cp "target/test-classes:target/classes:$$(cat target/bench.classpath)" dev.pilotlight.inject.WebhookLatency $(REVIEWS)

soak: ## weeks in an hour: probes at ten times their pace and an engine that fails all the time; MINUTES=5 for less
	$(MVN) -q package -DskipTests
	@$(MVN) -q dependency:build-classpath -DincludeScope=test -Dmdep.outputFile=target/test.classpath
	@$(JAVA) -cp "target/test-classes:target/classes:$$(cat target/test.classpath)" dev.pilotlight.soak.Soak $(or $(MINUTES),60)

poll-cost: ## what a poll costs a real vLLM that runs already: PORT=8000
	python3 scripts/vllm/poll_cost.py --port $(PORT)

hunt: ## wrong verdicts hunted in HOURS=200 of virtual time: sound engines called dead, real hangs not found
	$(MVN) -q test -Dtest=HuntTest -Dhunt.hours=$(HOURS)

test-restarts: ## 100 times kill -9, 20 drains of 200 requests, 10,000 spoilt answers, 50,000 connections: half an hour
	$(MVN) verify -Dtest=none -Dit.test='RestartIT,DrainIT,ColdStartIT,HostileIT,ConnectionsIT' -Dit.together=1 \
	  -Drestarts=100 -Ddrains=20 -Dcold.seconds=20 -Dhostile.answers=10000 -Dconnections=50000

test-vllm: ## the sidecar beside a real vLLM on the CPU; VLLM=0.10.2 for another version
	scripts/vllm/vllm.sh install $(VLLM)
	$(MVN) verify -Dtests.include=vllm -Dtests.exclude=none -Dvllm.version=$(VLLM)

test-vllm-load: ## the load beside a real vLLM, against its measured throughput: 25 quiet minutes; VLLM=0.10.2 for another version
	scripts/vllm/vllm.sh install $(VLLM)
	$(MVN) verify -Dtests.include=vllm-load -Dtests.exclude=none -Dvllm.version=$(VLLM) -Dit.test=LoadVllmIT

test-vllm-drain: ## the drain beside a real vLLM, ROUNDS=20 with it and as many without: an hour and more
	scripts/vllm/vllm.sh install $(VLLM)
	$(MVN) verify -Dtests.include=vllm -Dtests.exclude=none -Dvllm.version=$(VLLM) -Dit.test=DrainVllmIT -Ddrain.rounds=$(ROUNDS)

test-cluster: ## the sidecars and k8s/ against a real API server, built with Go; CLUSTER=RightsIT for one class
	scripts/cluster/cluster.sh build
	scripts/cluster/adapter.sh
	$(MVN) verify -Dtests.include=cluster -Dtests.exclude=none $(if $(CLUSTER),-Dit.test=$(CLUSTER) -Dfailsafe.failIfNoSpecifiedTests=false)

test-keda: ## k8s/autoscaling/keda by a real KEDA, built with Go, and a real Prometheus, some as root; KEDA=KedaZeroIT for one class
	@command -v prometheus >/dev/null || { echo "make test-keda needs Prometheus; Debian: apt-get install prometheus" >&2; exit 69; }
	scripts/cluster/cluster.sh build
	scripts/keda/keda.sh
	$(MVN) verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dtests.include=keda -Dtests.exclude=none $(if $(KEDA),-Dit.test=$(KEDA) -Dfailsafe.failIfNoSpecifiedTests=false)

test-node: ## the pods of k8s/ on a real node, as root; NODE=EngineFaultsIT for one class, NATIVE=FILE for the binary, too
	scripts/node/node.sh build
	$(MVN) verify -Dtests.include=node -Dtests.exclude=none $(if $(NATIVE),-Dnative.binary=$(NATIVE)) $(if $(NODE),-Dit.test=$(NODE) -Dfailsafe.failIfNoSpecifiedTests=false)

test-chart: ## the Helm chart against the kustomizations; builds Helm with Go the first time (3 minutes)
	scripts/chart/helm.sh
	$(MVN) test -Dtest=ChartTest

test-limits: ## the sidecar within the memory limit of its manifests, as root: the largest page, 1,000 connections, 600 peers
	$(MVN) verify -Dtest=none -Dtests.include=limits -Dtests.exclude=none -Dsurefire.failIfNoSpecifiedTests=false

test-native: ## the process tests against the native binary that `make native` left, or NATIVE=file
	@binary="$(or $(NATIVE),$(wildcard target/*-runner))"; \
	[ -x "$$binary" ] || { echo "make test-native needs a native binary: make native, or NATIVE=file" >&2; exit 1; }; \
	$(MVN) verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dnative.binary="$$(realpath "$$binary")"

test-native-lists: ## what a native build would be given, without a builder: fails where more is registered for reflection than is known to be needed
	$(MVN) -q package -Dnative -Dquarkus.native.sources-only=true -DskipTests
	scripts/native-lists.sh

test-nvml: ## the checks of the GPU's library against another: LIBRARY=/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1
	$(MVN) test -Dtest=NvmlLibraryTest -Dspotless.check.skip $(if $(LIBRARY),-Dnvml.library='$(realpath $(LIBRARY))')

test-image: ## make image against a registry on loopback: what is pushed, and twice the same (8 minutes)
	scripts/image/test.sh

test-page: ## the live page in a real browser (Debian's chromium); screenshots in target/page
	@command -v chromium >/dev/null || { echo "make test-page needs Chromium; Debian: apt-get install chromium" >&2; exit 69; }
	$(MVN) verify -Dtest=none -Dtests.include=page -Dtests.exclude=none

test-dashboard: ## every query of the Grafana dashboard, asked of a Prometheus that scrapes a run of `make run`
	@command -v prometheus >/dev/null || { echo "make test-dashboard needs Prometheus; Debian: apt-get install prometheus" >&2; exit 69; }
	$(MVN) verify -Dtests.include=dashboard -Dtests.exclude=none

clean: ## remove what was built
	rm -rf target
