{{/*
Several maps in one, as YAML: the first that has a key wins, null takes the key away, no map is changed.
Call: include "privreg.merge" (list .Values.podLabels .Values.commonLabels)
*/}}
{{- define "privreg.merge" -}}
{{- $result := dict -}}
{{- range reverse . }}
  {{- range $key, $value := . }}{{ $result = set $result $key $value }}{{ end }}
{{- end }}
{{- range $key, $value := $result }}
  {{- if kindIs "invalid" $value }}{{ $result = omit $result $key }}{{ end }}
{{- end }}
{{- toYaml $result }}
{{- end }}
