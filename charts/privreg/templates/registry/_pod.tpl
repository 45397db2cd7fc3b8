{{/* Two registries must never write to one volume at once, unless it is made for that. */}}
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
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/*
A probe without credentials: distribution answers GET / with 200 while its storage is well.
Call: include "privreg.registry.probe" .Values.probes.liveness
*/}}
{{- define "privreg.registry.probe" -}}
httpGet:
  path: /
  port: http
periodSeconds: {{ .periodSeconds }}
failureThreshold: {{ .failureThreshold }}
timeoutSeconds: {{ .timeoutSeconds }}
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
