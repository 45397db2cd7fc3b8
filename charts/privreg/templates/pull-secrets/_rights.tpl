{{/*
The rights of pull_secrets.py where it delivers. list and watch of Secrets are asked for with the name in the
field selector, which the API server counts as a request for that name; create cannot be limited to a name.
*/}}
{{- define "privreg.pullSecrets.rules" -}}
{{- $lists := ternary (list "list" "watch") (list "list") (eq (include "privreg.pullSecrets.watcher" .) "deployments") -}}
{{- $accounts := include "privreg.pullSecrets.serviceAccounts" . | fromJsonArray -}}
- apiGroups: [""]
  resources: [secrets, events]
  verbs: [create]
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [{{ include "privreg.pullSecrets.secretName" . | quote }}]
  verbs: [get, {{ join ", " $lists }}, patch, delete]
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [{{ join ", " $lists }}]
{{- if include "privreg.pullSecrets.anyServiceAccount" . }}
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [get, patch]
{{- else if $accounts }}{{/* an empty list of names would mean every ServiceAccount */}}
- apiGroups: [""]
  resources: [serviceaccounts]
  resourceNames:
    {{- toYaml $accounts | nindent 4 }}
  verbs: [get, patch]
{{- end }}
{{- end }}

{{/* The rights in the release's own namespace: to read the credential, and to stop what delivers beside. */}}
{{- define "privreg.pullSecrets.ownRules" -}}
{{- $watcher := include "privreg.pullSecrets.watcher" . -}}
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [{{ include "privreg.pullSecrets.sourceSecretName" . | quote }}]
  verbs: [get{{ if eq $watcher "deployments" }}, list, watch{{ end }}]
{{- if $watcher }}
- apiGroups: [{{ ternary "apps" "batch" (eq $watcher "deployments") }}]
  resources: [{{ $watcher }}]
  resourceNames: [{{ include "privreg.pullSecrets.watcherName" . | quote }}]
  verbs: [get, delete]
{{- end }}
{{- end }}

{{/* The ServiceAccount that gets the rights, as a subject. */}}
{{- define "privreg.pullSecrets.subjects" -}}
- kind: ServiceAccount
  name: {{ include "privreg.pullSecrets.programName" . | quote }}
  namespace: {{ .Release.Namespace | quote }}
{{- end }}

{{/*
The Roles: name, namespace and rules of each, as a JSON list. One in the release's namespace, and one in each
namespace that is chosen by name; where namespaces are chosen otherwise, a ClusterRole takes the place of these.
*/}}
{{- define "privreg.pullSecrets.roles" -}}
{{- $roles := list (dict
      "name" (include "privreg.pullSecrets.programName" .)
      "namespace" .Release.Namespace
      "rules" (include "privreg.pullSecrets.ownRules" . | fromYamlArray)) -}}
{{- if not (include "privreg.pullSecrets.everywhere" .) -}}
  {{- range include "privreg.pullSecrets.namedNamespaces" . | fromJsonArray -}}
    {{- $itself := dict "apiGroups" (list "") "resources" (list "namespaces") "resourceNames" (list .) "verbs" (list "get") -}}
    {{- $roles = append $roles (dict
          "name" (include "privreg.pullSecrets.globalName" $)
          "namespace" .
          "rules" (append (include "privreg.pullSecrets.rules" $ | fromYamlArray) $itself)) -}}
  {{- end -}}
{{- end -}}
{{- $roles | toJson }}
{{- end }}

{{/* Not empty when a policy keeps the rights of the ClusterRole to what they are for. */}}
{{- define "privreg.pullSecrets.guarded" -}}
{{- if and .Values.pullSecrets.enabled (include "privreg.pullSecrets.everywhere" .) }}x{{ end -}}
{{- end }}
