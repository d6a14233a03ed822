#!/usr/bin/env bash
# A real Kubernetes control plane: etcd, kube-apiserver, kube-controller-manager and kube-scheduler. On loopback and without a kubelet,
# or for a real node (scripts/node/node.sh).
#
#   cluster.sh build                 builds src/cluster into the cache and prints the program's path; a second run only looks
#   cluster.sh up DIR                starts it in the background, its state in DIR, and returns once it answers
#   cluster.sh run DIR [ADDRESS]     the same in the foreground, until SIGTERM; with the address of a real node, for that one
#   cluster.sh down DIR              ends it
#   cluster.sh stop DIR COMPONENT    ends one component by force and keeps it down: an outage
#   cluster.sh start DIR COMPONENT   lets it come back
#   cluster.sh kubectl ARGS...       the kubectl of the same build; KUBECONFIG=DIR/admin.kubeconfig
#
# COMPONENT is etcd, kube-apiserver, kube-controller-manager or kube-scheduler; one that ends by itself is started again.
# DIR holds admin.kubeconfig, url, ca.crt, `ready` once all answer, one .pid and one .log per component, and audit.log (one
# line per request, without bodies). Building takes 8 minutes on two cores the first time (95 MB of Go modules), starting
# 4 to 6 s, running 0.7 GB of memory.
#
# RBAC is on, and the default admission plugins with ValidatingAdmissionPolicy and MutatingAdmissionPolicy. The HPA controller
# looks every second. Aggregated API servers are let in through the front proxy. There is one Node, "here", large enough for
# thousands of pods; nothing runs on it: whoever tests plays the kubelet.
#
# For a real node there is none but that one, which brings itself: `n1` with DIR/kubelet.kubeconfig. The API server then listens at
# 10.96.0.1:443, the address of the Service `kubernetes`, so that pods reach it where nobody plays kube-proxy; the network namespace
# must have that address. The Node authorizer, NodeRestriction and all that acts on a lost node are on.
#
# Exit codes: 64 wrong use, 69 something is missing (the message says how to fix it), 70 it did not start.
#
# Environment:
#   PILOTLIGHT_CACHE   where the build is kept, in cluster/ below it (default ${XDG_CACHE_HOME:-$HOME/.cache}/pilotlight)
#   PILOTLIGHT_GO      the go to build with (default: the one on the path)
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
components="etcd kube-apiserver kube-controller-manager kube-scheduler"
source=$(cd -- "$here/../../src/cluster" && pwd)
cache=${PILOTLIGHT_CACHE:-${XDG_CACHE_HOME:-${HOME:?neither PILOTLIGHT_CACHE nor HOME is set}/.cache}/pilotlight}/cluster

say() { printf '%s\n' "$*" >&2; }
fail() { local code=$1; shift; say "cluster.sh: $*"; exit "$code"; }
usage() { sed -n '2,/^set -euo/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 64; }

# --- build -----------------------------------------------------------------------------------------------------------

# The folder's name is a hash of what the program is made of, so a change makes a new one and two checkouts share an old one.
recipe_of() { cat "$source"/{main.go,go.mod,go.sum} | sha256sum | cut -c1-16; }

build() {
    local go program version minor
    program=$cache/$(recipe_of)/cluster
    if [[ ! -x $program ]]; then
        go=$(command -v "${PILOTLIGHT_GO:-go}") \
            || fail 69 "a real control plane is built with Go 1.26 or newer, and there is none; install it from https://go.dev/dl or set PILOTLIGHT_GO"
        mkdir -p "${program%/*}"
        exec 9> "${program%/*}/lock"
        flock 9 # two tests may want it at once
    fi
    if [[ ! -x $program ]]; then
        version=$(sed -n 's#^\tk8s.io/kubernetes v#v#p' "$source/go.mod")
        minor=$(cut -d. -f2 <<< "$version")
        say "building etcd and Kubernetes $version with $("$go" env GOVERSION) in ${program%/*} (about 8 minutes the first time)"
        local stamps="" package
        # Without its version a component calls itself v0.0.0, and refuses what was added since.
        for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
            stamps+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$minor"
        done
        (cd -- "$source" && CGO_ENABLED=0 "$go" build -trimpath -buildvcs=false -ldflags "-s -w$stamps" -o "$program.new" .) >&2 \
            || fail 69 "the build failed; the lines above say why (it needs a Go module proxy the first time)"
        mv "$program.new" "$program"
    fi
    echo "$program"
}

# --- what it needs ---------------------------------------------------------------------------------------------------

free_port() { # below the range that the system hands out by itself
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null || break
    done
    echo "$port"
}

authority() { # NAME: a certificate authority
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$1" -keyout "$1.key" -out "$1.crt" 2> /dev/null
}

certificate() { # AUTHORITY NAME EXTENSIONS
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout "$2.key" -out "$2.csr" 2> /dev/null
    openssl x509 -req -in "$2.csr" -CA "$1.crt" -CAkey "$1.key" -CAcreateserial -days 3650 -out "$2.crt" \
        -extfile <(printf '%s\n' "$3") 2> /dev/null
}

kubeconfig() { # FILE TOKEN
    cat > "$1" << END
apiVersion: v1
kind: Config
clusters: [{name: here, cluster: {server: "$(cat url)", certificate-authority-data: "$(base64 -w 0 ca.crt)"}}]
users: [{name: me, user: {token: "$2"}}]
contexts: [{name: here, context: {cluster: here, user: me}}]
current-context: here
END
}

real_node() { [[ -s node.address ]]; }

prepare() {
    command -v openssl > /dev/null || fail 69 "openssl is missing, which makes the certificates; Debian: apt-get install openssl"
    local api peer host=127.0.0.1
    if real_node; then host=10.96.0.1 api=443; else api=$(free_port); fi
    echo "https://$host:$api" > url
    echo "$api" > api.port
    free_port > etcd.port
    while peer=$(free_port); [[ $peer == "$(cat etcd.port)" || $peer == "$api" ]]; do :; done
    echo "$peer" > peer.port
    authority ca
    authority front-proxy-ca
    certificate ca apiserver 'subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc'
    certificate front-proxy-ca front-proxy-client 'extendedKeyUsage=clientAuth'
    openssl genrsa -out service-accounts.key 2048 2> /dev/null
    local who token tokens=()
    for who in admin:system:masters system:kube-controller-manager: system:kube-scheduler: system:node:n1; do
        token=$(openssl rand -hex 16)
        case $who in
            admin:*) kubeconfig admin.kubeconfig "$token"; echo "$token,admin,admin,system:masters" ;;
            system:node:*) kubeconfig kubelet.kubeconfig "$token"; echo "$token,$who,$who,system:nodes" ;;
            *) who=${who%:}; kubeconfig "${who#system:}.kubeconfig" "$token"; echo "$token,$who,$who" ;;
        esac
    done > tokens.csv
    cat > audit.yaml << 'END'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
END
    cat > node.yaml << 'END'
apiVersion: v1
kind: Node
metadata: {name: here, labels: {kubernetes.io/hostname: here}}
status:
  capacity: &all {cpu: "10000", memory: 10000Gi, pods: "5000", ephemeral-storage: 10000Gi, nvidia.com/gpu: "5000"}
  allocatable: *all
  conditions: [{type: Ready, status: "True", reason: KubeletReady, message: the test plays the kubelet}]
  addresses: [{type: InternalIP, address: 127.0.0.1}]
END
}

# --- the components ------------------------------------------------------------------------------------------------

launch() { # COMPONENT, from DIR
    local api etcd peer
    api=$(cat api.port) etcd=$(cat etcd.port) peer=$(cat peer.port)
    local flags address=127.0.0.1 node=()
    case $1 in
        etcd)
            flags=(--data-dir=etcd --unsafe-no-fsync --log-level=warn
                --listen-client-urls="http://127.0.0.1:$etcd" --advertise-client-urls="http://127.0.0.1:$etcd"
                --listen-peer-urls="http://127.0.0.1:$peer" --initial-advertise-peer-urls="http://127.0.0.1:$peer"
                --initial-cluster="default=http://127.0.0.1:$peer")
            ;;
        kube-apiserver)
            if real_node; then
                address=$(cat node.address)
                # Webhooks are called at their pods' own addresses, since nobody plays kube-proxy.
                node=(--bind-address=0.0.0.0 --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction
                    --kubelet-preferred-address-types=InternalIP --enable-aggregator-routing)
            else # TaintNodesByCondition would keep pods off a node whose kubelet nobody plays that far.
                node=(--bind-address=127.0.0.1 --authorization-mode=RBAC --disable-admission-plugins=TaintNodesByCondition)
            fi
            flags=(--etcd-servers="http://127.0.0.1:$etcd" --secure-port="$api" "${node[@]}"
                --advertise-address="$address" --endpoint-reconciler-type=none --service-cluster-ip-range=10.96.0.0/16
                --tls-cert-file=apiserver.crt --tls-private-key-file=apiserver.key --cert-dir=.
                --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=service-accounts.key
                --service-account-signing-key-file=service-accounts.key --token-auth-file=tokens.csv
                --allow-privileged
                --requestheader-client-ca-file=front-proxy-ca.crt --requestheader-allowed-names=front-proxy-client
                --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group
                --requestheader-extra-headers-prefix=X-Remote-Extra-
                --proxy-client-cert-file=front-proxy-client.crt --proxy-client-key-file=front-proxy-client.key
                --audit-policy-file=audit.yaml --audit-log-path=audit.log)
            ;;
        kube-controller-manager)
            # Nobody renews the lease of a node that is made up, so whoever acts on a lost one is off.
            real_node || node=(',-node-lifecycle-controller,-taint-eviction-controller')
            flags=(--kubeconfig=kube-controller-manager.kubeconfig --leader-elect=false --secure-port=0
                --controllers="*,-node-ipam-controller${node[*]}"
                --use-service-account-credentials --service-account-private-key-file=service-accounts.key --root-ca-file=ca.crt
                --kube-api-qps=500 --kube-api-burst=1000 --horizontal-pod-autoscaler-sync-period=1s)
            ;;
        kube-scheduler)
            flags=(--kubeconfig=kube-scheduler.kubeconfig --leader-elect=false --secure-port=0
                --kube-api-qps=500 --kube-api-burst=1000)
            ;;
    esac
    "$program" "$1" "${flags[@]}" >> "$1.log" 2>&1 9>&- &
    echo $! > "$1.pid"
}

alive() { [[ -s $1.pid ]] && kill -0 "$(cat "$1.pid")" 2> /dev/null; }

kubectl_here() { KUBECONFIG=admin.kubeconfig "$program" kubectl "$@"; }

answers() { # waits for the API server, then for what a first pod needs
    local deadline=$((SECONDS + 120)) # twenty times what it takes on an idle machine
    while ((SECONDS < deadline)); do
        if kubectl_here get --raw /readyz > /dev/null 2>&1; then
            real_node || kubectl_here get node here > /dev/null 2>&1 || kubectl_here create -f node.yaml > /dev/null 2>&1 || true
            # Of the controller manager's making: with it pods can be created in the namespace.
            if kubectl_here get serviceaccount -n default default > /dev/null 2>&1; then return; fi
        fi
        sleep 0.1
    done
    say "cluster.sh: the control plane in $PWD did not answer within 120 s; its logs end with:"
    for log in ./*.log; do echo "$log" && tail -n 3 "$log"; done >&2
    return 1
}

run() { # DIR [ADDRESS]: as the kubelet does for static pods, starts again what ends
    program=$(build)
    mkdir -p "$1"
    cd -- "$1"
    [[ -z ${2:-} ]] || echo "$2" > node.address
    # A group of its own, so that whoever started this can end it as a whole.
    if [[ $(ps -o pgid= $$ | tr -d ' ') != $$ ]]; then exec setsid "$here/cluster.sh" run "$PWD" ${2:+"$2"}; fi
    trap end EXIT
    trap 'exit 0' TERM INT
    rm -f ready
    echo $$ > run.pid
    [[ -s admin.kubeconfig ]] || prepare
    local component
    for component in $components; do launch "$component"; done
    answers || exit 70
    touch ready
    while sleep 0.2; do
        for component in $components; do
            [[ -e $component.off ]] || alive "$component" || launch "$component"
        done
    done
}

end() {
    local component
    trap - EXIT
    rm -f ready
    for component in kube-scheduler kube-controller-manager kube-apiserver etcd; do
        ! alive "$component" || kill -KILL "$(cat "$component.pid")"
    done
}

up() {
    local deadline
    build > /dev/null
    deadline=$((SECONDS + 130))
    mkdir -p "$1"
    rm -f "$1/ready"
    setsid "$here/cluster.sh" run "$1" > "$1/run.log" 2>&1 < /dev/null &
    while ((SECONDS < deadline)); do
        [[ ! -e $1/ready ]] || return 0
        kill -0 $! 2> /dev/null || break
        sleep 0.1
    done
    cat "$1/run.log" >&2
    fail 70 "the control plane in $1 did not start"
}

down() {
    local pid
    pid=$(cat "$1/run.pid" 2> /dev/null) || fail 64 "nothing was started in $1"
    kill -TERM "$pid" 2> /dev/null || return 0
    while kill -0 "$pid" 2> /dev/null; do sleep 0.1; done
}

component() { [[ " $components " == *" $2 "* && -d $1 ]] || fail 64 "'$2' in '$1': want one of $components, and a folder that \`up\` made"; }

main() {
    (($# > 0)) || usage
    local verb=$1
    shift
    case $verb in
        build) build ;;
        run)
            (($# == 1 || $# == 2)) || usage
            run "$@"
            ;;
        up | down)
            (($# == 1)) || usage
            "$verb" "$1"
            ;;
        stop)
            (($# == 2)) || usage
            component "$@"
            touch "$1/$2.off"
            kill -KILL "$(cat "$1/$2.pid")" 2> /dev/null || true
            ;;
        start)
            (($# == 2)) || usage
            component "$@"
            rm -f "$1/$2.off"
            ;;
        kubectl) exec "$(build)" kubectl "$@" ;;
        *) usage ;;
    esac
}

main "$@"
