{{/*
A restricted Pod (Pod Security Standards), with podSecurityContext over it: null takes a default away,
for platforms that choose the ids themselves.
*/}}
{{- define "privreg.podSecurityContext" -}}
{{- $restricted := dict
      "runAsNonRoot" true
      "runAsUser" 1000
      "runAsGroup" 1000
      "fsGroup" 1000
      "fsGroupChangePolicy" "OnRootMismatch"
      "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- include "privreg.merge" (list .Values.podSecurityContext $restricted) }}
{{- end }}

{{/*
A restricted container, with the given map over it.
Call: include "privreg.containerSecurityContext" .Values.securityContext
*/}}
{{- define "privreg.containerSecurityContext" -}}
{{- $restricted := dict
      "allowPrivilegeEscalation" false
      "readOnlyRootFilesystem" true
      "capabilities" (dict "drop" (list "ALL")) -}}
{{- include "privreg.merge" (list . $restricted) }}
{{- end }}
