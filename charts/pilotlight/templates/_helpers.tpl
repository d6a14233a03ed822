{{/* Objects as they stand in k8s/ (files/ links there), so that chart and kustomizations cannot say two things. */}}

{{/* The objects of a file, as JSON: a template gives text. */}}
{{- define "pilotlight.read" -}}
{{- $text := .root.Files.Get (print "files/" .file) | required (print "files/" .file " is empty: was the chart packed without following links?") -}}
{{- range $from, $to := .replace }}{{ $text = replace $from $to $text }}{{ end -}}
{{- $objects := list -}}
{{- range splitList "\n---\n" $text }}{{ $objects = append $objects (fromYaml .) }}{{ end -}}
{{- dict "objects" $objects | toJson -}}
{{- end }}

{{/* One object, with the chart's labels and in its namespace. */}}
{{- define "pilotlight.print" -}}
{{- $metadata := .object.metadata -}}
{{- $labels := dict "helm.sh/chart" (print .root.Chart.Name "-" .root.Chart.Version) "app.kubernetes.io/managed-by" .root.Release.Service "app.kubernetes.io/part-of" "pilotlight" -}}
{{- $_ := set $metadata "labels" (merge (default dict $metadata.labels) $labels) -}}
{{- if .namespace }}{{ $_ := set $metadata "namespace" .namespace }}{{ end -}}
---
{{ toYaml .object }}
{{ end }}

{{/* All objects of a file. */}}
{{- define "pilotlight.file" -}}
{{- $root := .root -}}{{- $namespace := .namespace -}}
{{- range (include "pilotlight.read" . | fromJson).objects }}
{{ include "pilotlight.print" (dict "root" $root "object" . "namespace" $namespace) }}
{{- end }}
{{- end }}

{{- define "pilotlight.image" -}}
{{- $image := .Values.image -}}
{{- if not $image.repository -}}
{{- fail "image.repository is not set: there is no image to pull from anybody; build yours with `make image`, push it and name it (docs/install.md)" -}}
{{- end -}}
{{- if hasPrefix "registry.example" $image.repository -}}
{{- fail (print "image.repository=" $image.repository " is the placeholder of the documents; name the image that you pushed") -}}
{{- end -}}
{{- $image.repository }}{{ if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end }}

{{/* Fails before anything is applied, where a kind is not defined in the cluster. */}}
{{- define "pilotlight.needs" -}}
{{- if not (.root.Capabilities.APIVersions.Has .api) -}}
{{- fail (print .value " needs " .api ", which this cluster does not serve: install " .from " first (for `helm template`: --api-versions " .api ")") -}}
{{- end -}}
{{- end }}
