{{/*
config.yml of CNCF distribution (its configuration.go), without the HTTP secret and the keys of a bucket.
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
  {{- /* In its own memory a registry would still have what another one has deleted. */}}
  {{- if eq (int .Values.replicas) 1 }}
  cache:
    blobdescriptor: inmemory
  {{- end }}
  delete:
    enabled: {{ .Values.storage.delete.enabled }}
  {{- if eq .Values.storage.type "s3" }}
  s3:
    {{- include "privreg.storage.s3.driver" . | nindent 4 }}
  redirect:
    disable: {{ not .Values.storage.s3.redirect }}
  {{- else }}
  filesystem:
    rootdirectory: {{ include "privreg.storage.mountPath" . }}
  {{- end }}
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
    {{- /* A bucket is asked four times before a check has failed. */}}
    threshold: {{ ternary 1 3 (eq .Values.storage.type "s3") }}
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

{{/* What the Secret holds: the same, with httpSecret.value and the keys of a bucket where they are set. */}}
{{- define "privreg.registry.configFile" -}}
{{- $config := include "privreg.registry.config" . | fromYaml -}}
{{- with .Values.httpSecret.value }}
  {{- $config = set $config "http" (set $config.http "secret" .) }}
{{- end }}
{{- if and (eq .Values.storage.type "s3") .Values.storage.s3.secretKey }}
  {{- $keys := dict "accesskey" .Values.storage.s3.accessKey "secretkey" .Values.storage.s3.secretKey }}
  {{- $config = set $config "storage" (set $config.storage "s3" (merge $keys $config.storage.s3)) }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{/* Running uploads and downloads may finish until shortly before the kubelet ends the Pod. */}}
{{- define "privreg.registry.drainTimeout" -}}
{{- $before := include "privreg.registry.farewell" . | int -}}
{{- printf "%ds" (sub .Values.terminationGracePeriodSeconds (add 5 $before) | max 1) }}
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
