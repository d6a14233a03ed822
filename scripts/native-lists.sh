#!/bin/sh
# What a native build is given to keep for reflection, counted in what `-Dquarkus.native.sources-only=true` makes: each class is in the binary with
# all that it reaches. A dependency that brings thousands is found here and not in the image. It was 2,907 with a general Kubernetes client, 344
# with Jackson's databind; the 321 of 2026-11-30 are Quarkus' own, most of them its settings.
set -eu
MOST=${MOST:-340}
jar=$(ls target/native-sources/*-runner.jar)
count=$(unzip -p "$jar" META-INF/native-image/reflect-config.json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')
echo "$count classes are registered for reflection in $jar; $MOST are allowed"
[ "$count" -le "$MOST" ] || { echo "find the dependency that brings them, or raise MOST in $0 with the reason" >&2; exit 1; }
