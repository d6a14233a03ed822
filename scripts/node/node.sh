#!/usr/bin/env bash
# A real Kubernetes node with its control plane: kubelet, containerd, runc and CNI's bridge beside etcd, API server, controllers and
# scheduler, in namespaces of their own (network, mounts, processes). No registry, no virtual machine, no systemd, no iptables.
#
#   node.sh build                     builds and fetches what it is made of, into the cache; prints the folder; a second run only looks
#   node.sh up DIR                    starts it in the background, its state in DIR, and returns once the node is Ready
#   node.sh run DIR                   the same in the foreground, until SIGTERM
#   node.sh down DIR                  ends it with all of its pods
#   node.sh image DIR KIND [X=Y...]   builds an image and imports it; image.py says which kinds there are, and what they take
#   node.sh enter DIR COMMAND...      runs a command in its namespaces
#   node.sh kubectl DIR ARGS...       kubectl, with every right
#   node.sh ctr DIR ARGS...           containerd's own client, in the namespace of Kubernetes
#   node.sh kubelet DIR [LINE...]     starts the kubelet again, with these lines added to its configuration
#
# The API server answers at https://10.96.0.1, the node is n1 at 10.200.0.1, pods get 10.244.0.0/24. There is neither kube-proxy nor
# DNS: who calls a Service follows its EndpointSlices. Nothing can leave the network namespace, and whatever ends `run` (SIGKILL, too)
# ends all of it: processes, mounts and network with their namespaces, the cgroups by a guard.
#
# Wanted: Linux on amd64, root, Go 1.26, openssl, python3, unshare and nsenter, iproute2, and Debian's apt-get, whose packages are
# unpacked into the cache and not installed. cgroup v1 or v2. Building takes 12 minutes on two cores the first time, starting 15 s.
# DIR/cp holds the control plane (scripts/cluster/cluster.sh), DIR/*.log what the parts say, DIR/pid the first process in the
# namespaces, as the machine counts it.
#
# Exit codes: 64 wrong use, 69 something is missing (the message says how to fix it), 70 it did not start.
#
# Environment:
#   PILOTLIGHT_CACHE   where the build is kept, in node-bin/ and cluster/ below it (default ${XDG_CACHE_HOME:-$HOME/.cache}/pilotlight)
#   PILOTLIGHT_GO      the go to build with (default: the one on the path)
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cluster=$here/../cluster/cluster.sh
cache=${PILOTLIGHT_CACHE:-${XDG_CACHE_HOME:-${HOME:?neither PILOTLIGHT_CACHE nor HOME is set}/.cache}/pilotlight}
export PILOTLIGHT_CACHE=$cache
bin=$cache/node-bin
debian=$bin/debian
containerd=v2.2.9
packages="runc containernetworking-plugins busybox-static"
address=10.200.0.1
pause=pilotlight.test/pause:1

# One per DIR, so that nodes beside each other have nothing in common.
name_cgroups() { cgroups=pilotlight-node-$(sha256sum <<< "$1" | cut -c1-8); }

say() { printf '%s\n' "$*" >&2; }
fail() { local code=$1; shift; say "node.sh: $*"; exit "$code"; }
usage() { sed -n '2,/^set -euo/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 64; }

# --- build -----------------------------------------------------------------------------------------------------------

needs() {
    [[ $(uname -sm) == "Linux x86_64" ]] || fail 69 "a real node is Linux on amd64 here, and this is $(uname -sm)"
    (($(id -u) == 0)) || fail 69 "a real node needs root, for namespaces, mounts and cgroups; run it as root"
    local tool
    for tool in unshare:util-linux nsenter:util-linux ip:iproute2 openssl:openssl python3:python3; do
        command -v "${tool%:*}" > /dev/null || fail 69 "${tool%:*} is missing; Debian: apt-get install ${tool#*:}"
    done
}

build() {
    needs
    "$cluster" build > /dev/null || exit 69
    mkdir -p "$bin"
    exec 8> "$bin/lock"
    flock 8 # two tests may want it at once
    local go part missing=()
    for part in containerd containerd-shim-runc-v2 ctr; do [[ -x $bin/$part ]] || missing+=("github.com/containerd/containerd/v2/cmd/$part@$containerd"); done
    if ((${#missing[@]})); then
        go=$(command -v "${PILOTLIGHT_GO:-go}") || fail 69 "containerd is built with Go 1.26 or newer; install it from https://go.dev/dl or set PILOTLIGHT_GO"
        say "building containerd $containerd in $bin (a few minutes the first time)"
        # Outside of any module, whose versions would have a say; static, since Debian's packages want no library of it.
        (cd / && GOBIN=$bin CGO_ENABLED=0 "$go" install -trimpath -ldflags '-s -w' -tags no_btrfs,no_devmapper,no_zfs,no_aufs "${missing[@]}") >&2 \
            || fail 69 "the build failed; the lines above say why (it needs a Go module proxy the first time)"
    fi
    if [[ ! -x $debian/usr/sbin/runc || ! -x $debian/usr/lib/cni/bridge || ! -x $debian/bin/busybox ]]; then
        command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null || fail 69 "runc, CNI's plugins and busybox come from Debian's packages ($packages), and there is no apt-get"
        rm -rf "$debian" && mkdir -p "$debian/packages"
        (cd "$debian/packages" && apt-get download $packages) > "$debian/log" 2>&1 || { cat "$debian/log" >&2; fail 69 "apt-get download $packages failed; try apt-get update"; }
        for part in "$debian"/packages/*.deb; do dpkg-deb -x "$part" "$debian"; done
    fi
    flock -u 8
    echo "$bin"
}

# --- what it is set up with ------------------------------------------------------------------------------------------

# Paths are those in the mount namespace, where /run is its own: sockets stay below the 108 bytes that Linux has for their names.
configure() {
    local snapshotter=overlayfs
    [[ $(stat -f -c %T .) != overlayfs ]] || snapshotter=native # overlayfs takes no overlayfs for its upper layer
    cat > containerd.toml << END
version = 3
root = "/run/node/containerd"
state = "/run/containerd/state"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.snapshotter.v1.blockfile", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "/run/containerd.sock"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "$snapshotter"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "$pause"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        BinaryName = "$debian/usr/sbin/runc"
        SystemdCgroup = false
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["$debian/usr/lib/cni"]
    conf_dir = "/run/node/cni"
END
    cat > cni/10-pods.conflist << 'END'
{"cniVersion": "1.0.0", "name": "pods", "plugins": [{"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
  "ipam": {"type": "host-local", "dataDir": "/run/cni", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
END
    echo "nameserver $address" > resolv.conf
    # Nothing is evicted for want of a machine's disk, and no image is collected: a test takes one away itself.
    cat > kubelet.base.yaml << END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $address
healthzBindAddress: $address
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /$cgroups
enforceNodeAllocatable: []
containerRuntimeEndpoint: unix:///run/containerd.sock
authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }
authorization: { mode: AlwaysAllow }
failSwapOn: false
makeIPTablesUtilChains: false
resolvConf: /run/node/resolv.conf
clusterDNS: [$address]
oomScoreAdj: 0
maxOpenFiles: $(ulimit -Hn)
evictionHard: { memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1% }
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
podLogsDir: /run/node/pods
volumePluginDir: /run/node/volume-plugins
END
    cp kubelet.base.yaml kubelet.yaml
}

# --- the node --------------------------------------------------------------------------------------------------------

hierarchies() { # one line per cgroup hierarchy: v1 has one per controller
    if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then echo /sys/fs/cgroup; else find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d; fi
}

remove_cgroups() {
    local hierarchy
    for hierarchy in $(hierarchies); do
        [[ ! -d $hierarchy/$cgroups ]] || find "$hierarchy/$cgroups" -depth -type d -exec rmdir {} + 2> /dev/null || true
    done
}

# Runs as the first process of the namespaces, from DIR: when it ends, all in them does.
inside() {
    local setting file
    mount --make-rshared / # of this namespace; kubelet and containerd pass mounts on to containers
    mount -t tmpfs run /run
    mount -t tmpfs log /var/log
    mkdir -p /run/node
    mount --bind "$PWD" /run/node
    # What the kubelet would write there is there already, in files that cover the machine's own settings.
    mkdir -p /run/sysctl
    for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
        file=/run/sysctl/$(tr / . <<< "${setting%=*}")
        echo "${setting#*=}" > "$file"
        [[ ! -e /proc/sys/${setting%=*} ]] || mount --bind "$file" "/proc/sys/${setting%=*}"
    done
    ip link set lo up
    ip address add 10.96.0.1/32 dev lo
    ip address add $address/32 dev lo
    echo 1 > /proc/sys/net/ipv4/ip_forward

    "$cluster" run "$PWD/cp" $address > control-plane.log 2>&1 &
    export PATH=$bin:$debian/usr/sbin:$PATH # containerd finds its shim, and that runc, by the path
    containerd -c containerd.toml > containerd.log 2>&1 &
    local program; program=$("$cluster" build)
    await 120 containerd.log "containerd answers" ctr -a /run/containerd.sock version
    await 180 control-plane.log "the control plane answers" test -e cp/ready
    [[ ! -e pause.tar ]] || ctr -a /run/containerd.sock -n k8s.io images import pause.tar > import.log
    while :; do # as systemd would
        "$program" kubelet --config="$PWD/kubelet.yaml" --kubeconfig="$PWD/cp/kubelet.kubeconfig" --root-dir=/run/node/kubelet \
            --cert-dir=/run/node/kubelet-pki --hostname-override=n1 --node-ip=$address --node-labels=topology.kubernetes.io/zone=z1 --v=2 >> kubelet.log 2>&1 &
        echo $! > kubelet.pid
        wait $! || true
        sleep 0.2
    done
}

await() { # SECONDS LOG WHAT COMMAND...
    local deadline=$((SECONDS + $1)) log=$2 what=$3
    shift 3
    until "$@" > /dev/null 2>&1; do
        ((SECONDS < deadline)) || { say "node.sh: not so in time: $what; $PWD/$log ends with:"; tail -n 20 "$log" >&2; exit 70; }
        sleep 0.1
    done
}

ready() { kubectl get node n1 -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2> /dev/null | grep -q True; }

run() { # DIR
    build > /dev/null
    mkdir -p "$1"
    cd -- "$1"
    dir=$PWD
    name_cgroups "$dir"
    # A group of its own, so that whoever started this can end it as a whole.
    if [[ $(ps -o pgid= $$ | tr -d ' ') != $$ ]]; then exec setsid "$here/node.sh" run "$PWD"; fi
    rm -rf ready pid cp containerd cni pods volume-plugins kubelet kubelet-pki ./*.log
    mkdir -p containerd cni pods volume-plugins kubelet kubelet-pki
    configure
    python3 "$here/image.py" pause pause.tar > /dev/null
    local hierarchy outer first
    remove_cgroups # of one whose guard was killed, too
    for hierarchy in $(hierarchies); do
        mkdir -p "$hierarchy/$cgroups"
        # An empty set of processors takes no process (cgroup v1).
        for setting in cpuset.cpus cpuset.mems; do [[ ! -e $hierarchy/$cgroups/$setting || $hierarchy == /sys/fs/cgroup ]] || cat "$hierarchy/$setting" > "$hierarchy/$cgroups/$setting"; done
    done
    unshare --net --mount --pid --fork --kill-child=KILL --mount-proc --propagation private "$here/node.sh" inside "$PWD" > node.log 2>&1 < /dev/null &
    outer=$!
    # A process group of its own: it outlives whatever ends this one, until nothing is left to remove.
    setsid "$here/node.sh" guard "$dir" $outer > /dev/null 2>&1 < /dev/null &
    trap 'kill -KILL $outer 2> /dev/null; exit 0' TERM INT
    trap 'kill -KILL $outer 2> /dev/null' EXIT
    until first=$(pgrep -P $outer) || ! kill -0 $outer; do sleep 0.05; done
    echo "$first" > pid
    local deadline=$((SECONDS + 240)) # ten times what it takes on an idle machine
    until [[ -s cp/admin.kubeconfig ]] && ready; do
        if ! kill -0 $outer 2> /dev/null || ((SECONDS > deadline)); then cat node.log >&2; fail 70 "the node in $PWD did not start"; fi
        sleep 0.2
    done
    # GPUs that nobody has, so that manifests that ask for them are placed.
    kubectl patch node n1 --subresource=status --type=json -p '[{"op": "add", "path": "/status/capacity/nvidia.com~1gpu", "value": "8"}]' > /dev/null
    touch ready
    wait $outer || true
    fail 70 "the node in $PWD ended by itself; $(tail -n 3 node.log)"
}

guard() { # DIR PID
    trap '' INT TERM
    name_cgroups "$1"
    while kill -0 "$2" 2> /dev/null; do sleep 0.2; done
    local hierarchy i
    for ((i = 0; i < 50; i++)); do
        remove_cgroups
        [[ -n $(for hierarchy in $(hierarchies); do ls -d "$hierarchy/$cgroups" 2> /dev/null; done) ]] || break
        sleep 0.2
    done
}

up() {
    local deadline
    build > /dev/null
    deadline=$((SECONDS + 240))
    mkdir -p "$1"
    rm -f "$1/ready"
    setsid "$here/node.sh" run "$1" > "$1/run.log" 2>&1 < /dev/null &
    echo $! > "$1/run.pid"
    while ((SECONDS < deadline)); do
        [[ ! -e $1/ready ]] || return 0
        kill -0 $! 2> /dev/null || break
        sleep 0.1
    done
    cat "$1/run.log" >&2
    kill -TERM $! 2> /dev/null || true
    fail 70 "the node in $1 did not start"
}

down() {
    local pid
    pid=$(cat "$1/run.pid" 2> /dev/null) || fail 64 "nothing was started in $1 by \`up\`"
    kill -TERM "$pid" 2> /dev/null || return 0
    while kill -0 "$pid" 2> /dev/null; do sleep 0.1; done
}

# --- what runs in it -------------------------------------------------------------------------------------------------

enter() { nsenter -t "$(cat pid)" --net --mount --pid -- "$@"; } # from DIR

kubectl() { # from where the caller is: its arguments may be files
    local program; program=$("$cluster" build)
    KUBECONFIG=$dir/cp/admin.kubeconfig nsenter -t "$(cat "$dir/pid")" --net -- "$program" kubectl "$@"
}

main() {
    (($# > 0)) || usage
    local verb=$1
    shift
    case $verb in
        build) (($# == 0)) || usage; build; return ;;
        guard) guard "$@"; return ;;
    esac
    (($# > 0)) || usage
    dir=$1
    shift
    case $verb in
        run | up | down) (($# == 0)) || usage; needs; mkdir -p "$dir"; "$verb" "$(cd -- "$dir" && pwd)"; return ;;
    esac
    [[ -d $dir ]] || fail 64 "'$dir' is no folder that \`up\` or \`run\` made"
    dir=$(cd -- "$dir" && pwd)
    [[ $verb != kubectl ]] || { kubectl "$@"; return; }
    cd -- "$dir"
    case $verb in
        inside) inside ;;
        image)
            (($# > 0)) || usage
            made=$(mktemp -d "$PWD/image.XXXXXX")
            trap 'rm -rf "$made"' EXIT
            python3 "$here/image.py" "$1" "$made/image.tar" "${@:2}"
            enter "$bin/ctr" -a /run/containerd.sock -n k8s.io images import --local "$made/image.tar" > /dev/null
            ;;
        enter) (($# > 0)) || usage; enter "$@" ;;
        ctr) enter "$bin/ctr" -a /run/containerd.sock -n k8s.io "$@" ;;
        kubelet)
            { cat kubelet.base.yaml; (($# == 0)) || printf '%s\n' "$@"; } > kubelet.yaml
            local old; old=$(cat kubelet.pid)
            enter kill -TERM "$old"
            await 60 kubelet.log "another kubelet" eval "[[ \$(cat kubelet.pid) != $old ]]"
            ;;
        *) usage ;;
    esac
}

main "$@"
