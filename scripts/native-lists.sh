#!/bin/sh
# What a native build is given to keep for reflection, counted in what `-Dquarkus.native.sources-only=true` makes: each class costs some
# 3 KB of the binary, with all that it reaches. A dependency that brings thousands is found here and not in the image.
set -eu
MOST=${MOST:-450}
jar=$(ls target/native-sources/*-runner.jar)
count=$(unzip -p "$jar" 'META-INF/native-image/*/reflect-config.json' META-INF/native-image/reflect-config.json 2>/dev/null | grep -o '"name" *:' | wc -l)
echo "$count classes are registered for reflection in $jar; $MOST are allowed"
[ "$count" -gt 0 ] || { echo "none is no number: where has Quarkus put its list?" >&2; exit 1; }
[ "$count" -le "$MOST" ] || { echo "find the dependency that brings them, or raise MOST in $0 with the reason" >&2; exit 1; }
