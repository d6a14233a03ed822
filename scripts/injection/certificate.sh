#!/usr/bin/env bash
# Makes the webhook's certificate and puts it where it belongs: the secret that the Deployment mounts, and the authority into the webhook
# configuration. Run it after `kubectl apply -k k8s/injection/webhook`, and again to renew: the running webhook takes the new one up.
# Between the two writes the API server trusts both the old authority and the new one, so that no review goes astray.
#   certificate.sh [DAYS]     default: 365
set -euo pipefail
days=${1:-365} namespace=pilotlight-system name=pilotlight-injector
case $days in '' | *[!0-9]*) echo "certificate.sh: give a number of days, not \"$days\"" >&2; exit 64 ;; esac
for program in openssl kubectl base64; do
  command -v $program > /dev/null || { echo "certificate.sh needs $program" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$days" -subj "/CN=$name authority" \
  -keyout ca.key -out ca.crt 2> log || { cat log >&2; exit 1; }
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout tls.key -out tls.csr 2> log ||
  { cat log >&2; exit 1; }
printf 'subjectAltName=DNS:%s.%s.svc\nextendedKeyUsage=serverAuth\n' "$name" "$namespace" > names
openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days "$days" -extfile names -out tls.crt 2> log ||
  { cat log >&2; exit 1; }

# The authority's key is thrown away: nobody can make another certificate that this cluster would trust.
trust() {
  kubectl patch mutatingwebhookconfiguration "$name" --type=json -p "[
    {\"op\":\"add\",\"path\":\"/webhooks/0/clientConfig/caBundle\",\"value\":\"$1\"},
    {\"op\":\"add\",\"path\":\"/webhooks/1/clientConfig/caBundle\",\"value\":\"$1\"}]" > /dev/null
}
kubectl get mutatingwebhookconfiguration "$name" -o 'jsonpath={.webhooks[0].clientConfig.caBundle}' | base64 -d > old.crt
# Only the newest of the old authorities, so that the bundle does not grow with each renewal.
sed -n '1,/-----END CERTIFICATE-----/p' old.crt | cat ca.crt - > both.crt
trust "$(base64 < both.crt | tr -d '\n')"
kubectl create secret tls "$name-tls" -n "$namespace" --cert=tls.crt --key=tls.key --dry-run=client -o yaml | kubectl apply -f - > /dev/null
echo "certificate.sh: a certificate for $name.$namespace.svc, good for $days days, is in secret $namespace/$name-tls"
