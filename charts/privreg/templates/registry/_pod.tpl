{{/* Two registries must never write to one storage at once, unless it is made for that. */}}
{{- define "privreg.registry.strategy" -}}
{{- if include "privreg.storage.singleWriter" . -}}
type: Recreate
{{- else -}}
type: RollingUpdate
rollingUpdate:
  maxSurge: 1
  maxUnavailable: 0
{{- end }}
{{- end }}

{{/*
For how many seconds a Pod that is to end serves as before: the Ingress controller and the nodes do not hear at once
that it is off the Service. Where it ends before the next one starts, nobody is served meanwhile anyway.
*/}}
{{- define "privreg.registry.farewell" -}}
{{- ternary 0 5 (not (empty (include "privreg.storage.singleWriter" .))) }}
{{- end }}

{{/* The same for its containers; Kubernetes waits by itself, and the image need not have a program. */}}
{{- define "privreg.registry.lifecycle" -}}
{{- $seconds := include "privreg.registry.farewell" . | int -}}
{{- if $seconds -}}
lifecycle:
  preStop:
    sleep:
      seconds: {{ $seconds }}
{{- end }}
{{- end }}

{{/*
distribution 3 exports traces to localhost unless it is told otherwise, and takes the endpoint from
the environment alone. So too the HTTP secret of an existing Secret.
*/}}
{{- define "privreg.registry.env" -}}
{{- with .Values.tracing.otlpEndpoint -}}
- name: OTEL_TRACES_EXPORTER
  value: otlp
- name: OTEL_EXPORTER_OTLP_PROTOCOL
  value: http/protobuf
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- else -}}
- name: OTEL_TRACES_EXPORTER
  value: none
{{- end }}
{{- with .Values.httpSecret.existingSecret }}
- name: REGISTRY_HTTP_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ . | quote }}
      key: httpSecret
{{- end }}
{{- with include "privreg.storage.s3.env" . }}
{{ . }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/*
For how many seconds a new Pod must be ready before an old one goes. The registry takes a bucket for well until its
first check has failed, after ten seconds: keys that are wrong would replace a registry that works.
*/}}
{{- define "privreg.registry.minReadySeconds" -}}
{{- if eq .Values.storage.type "s3" }}20{{ end }}
{{- end }}

{{/*
A probe without credentials: distribution answers GET / with 200 while its storage is well. Behind the
gateway the kubelet asks by way of it: the registry's socket is for this Pod alone.
Call: include "privreg.registry.probe" (dict "context" $ "probe" .Values.probes.liveness)
*/}}
{{- define "privreg.registry.probe" -}}
{{- include "privreg.arguments" (list "privreg.registry.probe" . (list "context" "probe") list) -}}
{{- $path := ternary "/healthz/registry" "/" (eq .context.Values.auth.mode "gateway") -}}
{{- include "privreg.probe" (dict "context" .context "probe" .probe "path" $path) }}
{{- end }}

{{/*
An http probe, behind the gateway at the port that the Service does not have.
Call: include "privreg.probe" (dict "context" $ "probe" .Values.probes.liveness "path" "/")
*/}}
{{- define "privreg.probe" -}}
{{- include "privreg.arguments" (list "privreg.probe" . (list "context" "probe" "path") list) -}}
httpGet:
  path: {{ .path }}
  port: {{ ternary (int .context.Values.metrics.port) "http" (eq .context.Values.auth.mode "gateway") }}
periodSeconds: {{ .probe.periodSeconds }}
failureThreshold: {{ .probe.failureThreshold }}
timeoutSeconds: {{ .probe.timeoutSeconds }}
{{- end }}

{{/* Who may log in, or whose tokens count: the Secret and the keys that are read of it. */}}
{{- define "privreg.registry.authSecret" -}}
{{- if eq .Values.auth.mode "token" -}}
{{- $key := ternary "jwks.json" "bundle.pem" (eq .Values.token.keys "jwks") -}}
secretName: {{ .Values.token.existingSecret | quote }}
items:
  - key: {{ $key }}
    path: {{ $key }}
{{- else -}}
secretName: {{ include "privreg.registry.htpasswdSecretName" . | quote }}
items:
  - key: htpasswd
    path: htpasswd
{{- end }}
{{- end }}

{{/* The given constraints; one without a labelSelector counts the registry's own Pods. */}}
{{- define "privreg.registry.topologySpreadConstraints" -}}
{{- $selector := dict "labelSelector" (dict "matchLabels"
      (include "privreg.selectorLabels" (dict "context" . "component" "registry") | fromYaml)) -}}
{{- $constraints := list -}}
{{- range .Values.topologySpreadConstraints }}
  {{- $constraints = append $constraints (include "privreg.merge" (list . $selector) | fromYaml) }}
{{- end }}
{{- toYaml $constraints }}
{{- end }}
