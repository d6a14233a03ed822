#!/usr/bin/env bash
# Builds the sidecar's image and pushes it, without a Docker daemon (Jib):
#   image.sh KIND IMAGE     KIND: native (the binary) or jvm; IMAGE: registry/name:tag that your nodes pull
#
# What it runs, as whom and on top of what is read from the Dockerfiles of src/main/docker, which say the same to whoever builds with Docker.
# Layers are reproducible, but for the one with what Quarkus generates. Credentials are those of `docker login` or of a credential helper.
# BASE=IMAGE takes another base; INSECURE=true a registry without TLS.
#
# Exit codes: 64 wrong use, 69 something is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() { echo "image.sh: $2" >&2; exit "$1"; }

kind=${1:-} image=${2:-}
case $kind in
    jvm) file=src/main/docker/Dockerfile.jvm ;;
    native) file=src/main/docker/Dockerfile.native-micro ;;
    *) fail 64 "the kind is native or jvm, not \"$kind\"" ;;
esac
[[ $image =~ ^[a-z0-9.-]+(:[0-9]+)?/[a-z0-9._/-]+:[A-Za-z0-9._-]+$ ]] \
    || fail 64 "IMAGE is a registry, a name and a tag, such as registry.example.com/pilotlight:0.1.0, not \"$image\""
[[ $image != registry.example.* ]] || fail 64 "$image is the placeholder of the documents; name a registry of yours"

said() { sed -n "s/^$1 //p" "$file" | tail -1; }
version=$(sed -n 's#^  <version>\(.*\)</version>#\1#p' pom.xml | head -1)
properties=(
    -Dquarkus.container-image.image="$image"
    -Dquarkus.container-image.push=true
    -Dquarkus.container-image.insecure="${INSECURE:-false}"
    -Dquarkus.jib.user="$(said USER)"
    -Dquarkus.jib.ports="$(said EXPOSE)"
    -Dquarkus.container-image.labels.\"org.opencontainers.image.title\"=pilotlight
    -Dquarkus.container-image.labels.\"org.opencontainers.image.version\"="${version%-SNAPSHOT}"
    -Dquarkus.container-image.labels.\"org.opencontainers.image.revision\"="$(git rev-parse HEAD 2> /dev/null || echo unknown)"
    -Dquarkus.package.output-timestamp="$(sed -n 's#.*<project.build.outputTimestamp>\(.*\)</.*#\1#p' pom.xml)"
    -Dquarkus.jib.use-current-timestamp=false
    -Dquarkus.jib.use-current-timestamp-file-modification=false
)
# ["java", "-Xmx64m", ...] as Quarkus takes a list, the jar where Jib puts it.
entry=$(said ENTRYPOINT | tr -d '[]" ' | sed 's#/deployments/quarkus-run.jar#quarkus-run.jar#')
if [[ $kind == jvm ]]; then
    properties+=(-Dquarkus.jib.base-jvm-image="${BASE:-$(said FROM)}" -Dquarkus.jib.jvm-entrypoint="$entry" -Dquarkus.jib.working-directory=/deployments)
else
    properties+=(-Dquarkus.jib.base-native-image="${BASE:-$(said FROM)}" -Dquarkus.jib.native-entrypoint="$entry" -Dquarkus.jib.working-directory=/pilotlight -Dnative)
fi
JAVA_HOME=$(scripts/java-home.sh) ./mvnw -B -ntp -q -Pimage package -DskipTests -Dspotless.check.skip "${properties[@]}"
echo "pushed $image"
