{{/*
config.yml of CNCF distribution (its configuration.go), without the HTTP secret.
relativeurls: upload locations hold no scheme and host, so any proxy in front may end TLS.
*/}}
{{- define "privreg.registry.config" -}}
version: "0.1"
log:
  level: {{ .Values.log.level }}
  formatter: {{ .Values.log.formatter }}
  accesslog:
    disabled: {{ not .Values.log.accessLog }}
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  delete:
    enabled: {{ .Values.storage.delete.enabled }}
  filesystem:
    rootdirectory: {{ include "privreg.storage.mountPath" . }}
http:
  {{- if eq .Values.auth.mode "gateway" }}
  {{- /* A socket in a folder that only this Pod's containers have: there is no way around the gateway. */}}
  net: unix
  addr: /run/privreg/registry.sock
  {{- else }}
  addr: :5000
  {{- end }}
  relativeurls: true
  draintimeout: {{ include "privreg.registry.drainTimeout" . }}
  headers:
    X-Content-Type-Options: [nosniff]
  {{- if eq .Values.auth.mode "gateway" }}
  debug:
    addr: 127.0.0.1:5001
    prometheus:
      enabled: true
      path: /metrics
  {{- end }}
{{- include (printf "privreg.registry.auth.%s" .Values.auth.mode) . }}
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
{{- end }}

{{/* The gateway has let in whom it lets in. */}}
{{- define "privreg.registry.auth.gateway" }}
{{- end }}

{{- define "privreg.registry.auth.htpasswd" }}
auth:
  htpasswd:
    realm: {{ .Values.auth.realm | quote }}
    path: /etc/privreg/auth/htpasswd
{{- end }}

{{- define "privreg.registry.auth.token" }}
{{- $token := .Values.token }}
auth:
  token:
    realm: {{ $token.realm | quote }}
    service: {{ $token.service | quote }}
    issuer: {{ $token.issuer | quote }}
    autoredirect: {{ $token.autoredirect }}
    {{- if eq $token.keys "jwks" }}
    jwks: /etc/privreg/auth/jwks.json
    {{- else }}
    rootcertbundle: /etc/privreg/auth/bundle.pem
    {{- end }}
    {{- with $token.signingAlgorithms }}
    signingalgorithms:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end }}

{{/* What the Secret holds: the same, with httpSecret.value where it is set. */}}
{{- define "privreg.registry.configFile" -}}
{{- $config := include "privreg.registry.config" . | fromYaml -}}
{{- with .Values.httpSecret.value }}
  {{- $config = set $config "http" (set $config.http "secret" .) }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{/* Running uploads and downloads may finish until shortly before the kubelet ends the Pod. */}}
{{- define "privreg.registry.drainTimeout" -}}
{{- printf "%ds" (sub .Values.terminationGracePeriodSeconds 5) }}
{{- end }}

{{/* One line a user; below it, as a comment that only the gateway reads, the password before. */}}
{{- define "privreg.registry.htpasswd" -}}
{{- range $user := .Values.auth.users -}}
{{ .name }}:{{ .hash }}
{{ with .previous -}}
#previous:{{ $user.name }}:{{ .hash }}:{{ .until }}
{{ end }}
{{- end }}
{{- end }}

{{- define "privreg.registry.configSecretName" -}}
{{- include "privreg.suffixedName" (dict "context" . "suffix" "config") }}
{{- end }}

{{- define "privreg.registry.htpasswdSecretName" -}}
{{- include "privreg.secretName" (dict "context" . "existing" .Values.auth.existingSecret "suffix" "htpasswd") }}
{{- end }}
