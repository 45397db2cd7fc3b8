{{/*
Rules about the cluster that values meet, in the form of _rules.tpl. Only Helm knows the cluster: the CLI has none
of them.
*/}}
{{- define "privreg.rules.cluster" -}}
{{- with .Values.pullSecrets }}
{{- if and .enabled (ne .inject "serviceAccount") (semverCompare "<1.36-0" $.Capabilities.KubeVersion.Version) }}
pullSecrets.inject: {{ .inject }} needs Kubernetes 1.36 or later, this is {{ $.Capabilities.KubeVersion.Version }}; set it to serviceAccount
{{- end }}
{{- end }}
{{- end }}
