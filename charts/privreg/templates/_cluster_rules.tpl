{{/*
Rules about the cluster that values meet, in the form of _rules.tpl. Only Helm knows the cluster: the CLI has none
of them.
*/}}
{{- define "privreg.rules.cluster" -}}
{{- $name := include "privreg.fullname" . }}
{{- if and (regexMatch "^[0-9]" $name) (semverCompare "<1.36-0" .Capabilities.KubeVersion.Version) }}{{/* KEP-5311 */}}
fullnameOverride: the name {{ $name }} begins with a digit, which a Service's may not; set one that begins with a letter
{{- end }}
{{- with .Values.pullSecrets }}
{{- if and .enabled (ne .inject "serviceAccount") (semverCompare "<1.36-0" $.Capabilities.KubeVersion.Version) }}
pullSecrets.inject: {{ .inject }} needs Kubernetes 1.36 or later, this is {{ $.Capabilities.KubeVersion.Version }}; set it to serviceAccount
{{- end }}
{{- end }}
{{- end }}
