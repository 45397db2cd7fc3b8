{{/*
Requests and limits of a container, as YAML; null takes one away, also one that has no default. Empty: none are set.
Call: include "privreg.resources" .Values.resources
*/}}
{{- define "privreg.resources" -}}
{{- $result := dict -}}
{{- range $kind, $quantities := . }}
  {{- with include "privreg.merge" (list $quantities) | fromYaml }}{{ $result = set $result $kind . }}{{ end }}
{{- end }}
{{- with $result }}{{ toYaml . }}{{ end }}
{{- end }}
