{{/*
Stops the render when a helper that takes a dict was called with a key missing or unknown.
That is a mistake in this chart, never in a user's values.
Call: include "privreg.arguments" (list "privreg.helper" . (list "required") (list "optional"))
*/}}
{{- define "privreg.arguments" -}}
{{- if ne (len .) 4 }}{{ fail (printf "privreg.arguments: 4 arguments are needed, %d were given" (len .)) }}{{ end -}}
{{- $helper := index . 0 -}}
{{- $given := index . 1 -}}
{{- $required := index . 2 -}}
{{- $known := concat $required (index . 3) -}}
{{- range $required }}
  {{- if not (hasKey $given .) }}{{ fail (printf "%s: the argument %q is missing" $helper .) }}{{ end }}
{{- end }}
{{- range (keys $given | sortAlpha) }}
  {{- if not (has . $known) }}{{ fail (printf "%s: the argument %q is unknown" $helper .) }}{{ end }}
{{- end }}
{{- end }}
