#!/usr/bin/env bash
# Prints the files of the CustomResourceDefinitions that k8s/ makes objects of, one a line, of current releases of their projects.
# They come out of the projects' Go modules; a module that wants a newer Go than the one here brings it along.
#
# Exit code 69: something is missing (the message says how to fix it).
#
# Environment: PILOTLIGHT_GO   the go to fetch with (default: the one on the path)
set -euo pipefail

go=$(command -v "${PILOTLIGHT_GO:-go}") || { echo "crds.sh: there is no go; install it from https://go.dev/dl or set PILOTLIGHT_GO" >&2; exit 69; }

module() { # MODULE@VERSION FILE...: the files in it
    local module=$1 dir file
    shift
    # Outside of any module of our own, where its versions would have a say.
    dir=$(cd / && GOTOOLCHAIN=auto "$go" mod download -json "$module" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    [[ -d $dir ]] || { echo "crds.sh: no $module; it needs a Go module proxy the first time" >&2; exit 69; }
    for file in "$@"; do ls "$dir/$file"; done
}

module "github.com/kedacore/keda/v2@$("$(dirname -- "${BASH_SOURCE[0]}")/../keda/keda.sh" --version)" config/crd/bases/keda.sh_{scaledobjects,triggerauthentications}.yaml
module github.com/prometheus-operator/prometheus-operator@v0.94.0 \
    example/prometheus-operator-crd/monitoring.coreos.com_{podmonitors,prometheusrules}.yaml
module sigs.k8s.io/karpenter@v1.15.0 pkg/apis/crds/karpenter.sh_nodepools.yaml
module github.com/aws/karpenter-provider-aws@v1.15.1 pkg/apis/crds/karpenter.k8s.aws_ec2nodeclasses.yaml
module github.com/cert-manager/cert-manager@v1.21.2 deploy/crds/cert-manager.io_{certificates,issuers}.yaml
# Of the stacks that docs/with is about, those that a proxy serves.
module sigs.k8s.io/lws@v0.7.0 config/crd/bases/leaderworkerset.x-k8s.io_leaderworkersets.yaml
module sigs.k8s.io/gateway-api-inference-extension@v1.1.0 config/crd/bases/inference.networking.k8s.io_inferencepools.yaml
module github.com/kserve/kserve@v0.16.0 config/crd/full/serving.kserve.io_inferenceservices.yaml
