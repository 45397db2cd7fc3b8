{{/*
The Secret in the release's namespace that the pull credential comes from: the user's, or one of this chart,
whose name is not that of the delivered ones. So Helm owns the source, and pull_secrets.py all that it delivers.
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

{{/* The ServiceAccount of pull_secrets.py. */}}
{{- define "privreg.pullSecrets.programName" -}}
{{- include "privreg.suffixedName" (dict "context" . "suffix" "pull-secrets") }}
{{- end }}

{{/* Several releases may have objects in one namespace, or in none: their names say whose they are. */}}
{{- define "privreg.pullSecrets.globalName" -}}
{{- printf "%s.%s" (include "privreg.pullSecrets.programName" .) .Release.Namespace }}
{{- end }}

{{/* The namespaces that are chosen by name, each once, as a JSON list. */}}
{{- define "privreg.pullSecrets.namedNamespaces" -}}
{{- $named := ternary (list .Release.Namespace) list .Values.pullSecrets.releaseNamespace -}}
{{- range .Values.pullSecrets.namespaces -}}
  {{- if not (include "privreg.isPattern" .) }}{{ $named = append $named . }}{{ end -}}
{{- end -}}
{{- $named | uniq | toJson }}
{{- end }}

{{/* Not empty when namespaces are chosen otherwise than by name. */}}
{{- define "privreg.pullSecrets.everywhere" -}}
{{- with .Values.pullSecrets.namespaceSelector }}{{ if or .matchLabels .matchExpressions }}x{{ end }}{{ end -}}
{{- range .Values.pullSecrets.namespaces }}{{ include "privreg.isPattern" . }}{{ end -}}
{{- end }}

{{/* The ServiceAccounts that get the reference: none where Pods get it themselves, at admission. */}}
{{- define "privreg.pullSecrets.serviceAccounts" -}}
{{- $wanted := ne .Values.pullSecrets.inject "admission" -}}
{{- ternary (.Values.pullSecrets.serviceAccounts | default list) list $wanted | toJson }}
{{- end }}

{{/* Not empty when any of the ServiceAccounts is chosen otherwise than by name. */}}
{{- define "privreg.pullSecrets.anyServiceAccount" -}}
{{- range include "privreg.pullSecrets.serviceAccounts" . | fromJsonArray }}{{ include "privreg.isPattern" . }}{{ end -}}
{{- end }}

{{/* What serves namespaces that come later: deployments (it watches), cronjobs, or nothing. */}}
{{- define "privreg.pullSecrets.watcher" -}}
{{- with .Values.pullSecrets }}
  {{- if not .enabled -}}
  {{- else if kindIs "bool" .watch -}}
    {{- ternary "deployments" "cronjobs" .watch -}}
  {{- else if or (include "privreg.pullSecrets.everywhere" $) (include "privreg.pullSecrets.anyServiceAccount" $) -}}
    deployments
  {{- end -}}
{{- end -}}
{{- end }}

{{/* The name of that object. A CronJob's has at most 52 characters: Kubernetes appends 11 to those of its Jobs. */}}
{{- define "privreg.pullSecrets.watcherName" -}}
{{- $most := ternary 52 63 (eq (include "privreg.pullSecrets.watcher" .) "cronjobs") -}}
{{- include "privreg.pullSecrets.programName" . | trunc $most | trimSuffix "-" }}
{{- end }}

{{/* Its API path; empty for nothing. */}}
{{- define "privreg.pullSecrets.watcherPath" -}}
{{- with include "privreg.pullSecrets.watcher" . -}}
{{- $group := ternary "apps" "batch" (eq . "deployments") -}}
{{- printf "/apis/%s/v1/namespaces/%s/%s/%s" $group $.Release.Namespace . (include "privreg.pullSecrets.watcherName" $) -}}
{{- end -}}
{{- end }}

{{/* What pull_secrets.py is to do; with enabled false, nothing. */}}
{{- define "privreg.pullSecrets.settings" -}}
{{- $wanted := .Values.pullSecrets -}}
{{- $none := dict "namespaces" list "namespaceSelector" dict "releaseNamespace" false -}}
{{- $chosen := ternary $wanted $none $wanted.enabled -}}
{{- dict
      "release" (include "privreg.pullSecrets.release" .)
      "releaseNamespace" .Release.Namespace
      "sourceSecret" (include "privreg.pullSecrets.sourceSecretName" .)
      "secretName" (include "privreg.pullSecrets.secretName" .)
      "own" $chosen.releaseNamespace
      "namespaces" ($chosen.namespaces | default list)
      "namespaceSelector" ($chosen.namespaceSelector | default dict)
      "excludeNamespaces" ($wanted.excludeNamespaces | default list)
      "everywhere" (and $wanted.enabled (include "privreg.pullSecrets.everywhere" . | empty | not))
      "serviceAccounts" (include "privreg.pullSecrets.serviceAccounts" . | fromJsonArray)
      "strict" $wanted.strict
      "watcher" (include "privreg.pullSecrets.watcherPath" .)
      "host" .Values.host
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
