#!/usr/bin/env bash
# `make image KIND=jvm` against a registry on loopback: pushed without a daemon, as the Dockerfile has it, and twice the same.
set -euo pipefail
cd "$(dirname "$0")/../.."
port=$((20000 + RANDOM % 12000))
image=localhost:$port/pilotlight
said=$(python3 scripts/image/registry.py "$port" bash -c "
    export BASE=localhost:$port/base/image:1 INSECURE=true
    scripts/image/image.sh jvm $image:one && scripts/image/image.sh jvm $image:two" | grep '^{')
python3 - "$said" << 'END'
import json, re, sys
one, two = map(json.loads, sys.argv[1].splitlines())
dockerfile = open("src/main/docker/Dockerfile.jvm").read()
config = one["config"]
word = lambda name: re.search("^%s (.*)$" % name, dockerfile, re.M).group(1)
# What Quarkus generates is not the same each time; all that is ours, and every library, is.
differ = [name for name in one["files"] if one["files"][name] != two["files"].get(name) and not name.endswith("generated-bytecode.jar")]
assert not differ, "two builds of the same sources differ in " + ", ".join(differ)
assert config["User"] == word("USER"), config
assert list(config["ExposedPorts"]) == [word("EXPOSE") + "/tcp"], config
expected = [w.replace("/deployments/", "") for w in json.loads(word("ENTRYPOINT"))]
assert config["Entrypoint"] == expected, config["Entrypoint"]
assert config["WorkingDir"] == "/deployments", config
assert config["Labels"]["org.opencontainers.image.version"], config
print("the image is what the Dockerfile says, and its %d files are the same twice, but for what Quarkus generates" % len(one["files"]))
END
