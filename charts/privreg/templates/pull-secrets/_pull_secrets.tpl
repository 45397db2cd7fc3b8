{{/*
The Secret in the release's namespace that the pull credential comes from: the user's, or one of this chart,
whose name is not that of the delivered ones. So Helm owns the source, and the hook all that it delivers.
*/}}
{{- define "privreg.pullSecrets.sourceSecretName" -}}
{{- include "privreg.secretName" (dict "context" . "existing" .Values.pullSecrets.existingSecret "suffix" "credential") }}
{{- end }}

{{/* The name of the delivered Secret, in each namespace. */}}
{{- define "privreg.pullSecrets.secretName" -}}
{{- include "privreg.secretName" (dict "context" . "existing" .Values.pullSecrets.name "suffix" "pull") }}
{{- end }}

{{/* Tells two releases apart in the objects they leave in other namespaces. */}}
{{- define "privreg.pullSecrets.release" -}}
{{- printf "%s/%s" .Release.Namespace .Release.Name }}
{{- end }}

{{- define "privreg.pullSecrets.serviceAccountName" -}}
{{- include "privreg.suffixedName" (dict "context" . "suffix" "pull-secrets") }}
{{- end }}

{{/* Roles of several releases may lie in one namespace: their names say whose they are. */}}
{{- define "privreg.pullSecrets.roleName" -}}
{{- printf "%s.%s" (include "privreg.pullSecrets.serviceAccountName" .) .Release.Namespace }}
{{- end }}

{{/* The chosen namespaces, each once, as a JSON list. */}}
{{- define "privreg.pullSecrets.namespaces" -}}
{{- $own := ternary (list .Release.Namespace) list .Values.pullSecrets.releaseNamespace -}}
{{- concat $own (.Values.pullSecrets.namespaces | default list) | uniq | toJson }}
{{- end }}

{{/* What pull_secrets.py is to do. */}}
{{- define "privreg.pullSecrets.settings" -}}
{{- dict
      "release" (include "privreg.pullSecrets.release" .)
      "releaseNamespace" .Release.Namespace
      "sourceSecret" (include "privreg.pullSecrets.sourceSecretName" .)
      "secretName" (include "privreg.pullSecrets.secretName" .)
      "namespaces" (include "privreg.pullSecrets.namespaces" . | fromJsonArray)
      "serviceAccounts" (.Values.pullSecrets.serviceAccounts | default list)
      "strict" .Values.pullSecrets.strict
    | toPrettyJson }}
{{- end }}

{{/* A docker configuration with one login. */}}
{{- define "privreg.pullSecrets.dockerConfig" -}}
{{- with .Values.pullSecrets.credential -}}
{{- dict "auths" (dict $.Values.host (dict
      "username" .username
      "password" .password
      "auth" (printf "%s:%s" .username .password | b64enc))) | toJson }}
{{- end }}
{{- end }}
