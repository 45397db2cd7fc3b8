{{/*
Who may do what, as a JSON list of {name, role, repositories}: auth.users with their roles, or auth.access
for the users of an existing Secret.
*/}}
{{- define "privreg.gateway.access" -}}
{{- $access := list -}}
{{- range ternary .Values.auth.access .Values.auth.users (not (empty .Values.auth.existingSecret)) }}
  {{- $access = append $access (dict "name" .name "role" .role "repositories" (.repositories | default list)) }}
{{- end }}
{{- toJson $access }}
{{- end }}

{{/* HAProxy's map of users to roles. */}}
{{- define "privreg.gateway.roles" -}}
{{- range include "privreg.gateway.access" . | fromJsonArray -}}
{{ .name }} {{ .role }}
{{ end }}
{{- end }}

{{/* The users who may use some repositories only. */}}
{{- define "privreg.gateway.limited" -}}
{{- range include "privreg.gateway.access" . | fromJsonArray -}}
{{- if .repositories -}}
{{ .name }}
{{ end }}
{{- end }}
{{- end }}

{{/* One regular expression for each of them: it matches "USER REPOSITORY". */}}
{{- define "privreg.gateway.repositories" -}}
{{- range include "privreg.gateway.access" . | fromJsonArray -}}
{{- if .repositories -}}
{{- $patterns := list }}
{{- range .repositories }}{{ $patterns = append $patterns (include "privreg.gateway.pattern" .) }}{{ end -}}
^{{ .name | replace "." "\\." }} ({{ join "|" $patterns }})$
{{ end }}
{{- end }}
{{- end }}

{{/*
A repository pattern as a regular expression: * is any text within one path component, ** any number of
components (at least one character), everything else is itself.
Call: include "privreg.gateway.pattern" "team-a/**"
*/}}
{{- define "privreg.gateway.pattern" -}}
{{- . | replace "." "\\." | replace "**" "\n" | replace "*" "[^/]*" | replace "\n" ".+" }}
{{- end }}
