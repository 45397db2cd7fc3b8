{{- define "privreg.gateway.configName" -}}
{{- include "privreg.suffixedName" (dict "context" . "suffix" "gateway") }}
{{- end }}

{{/* The container before the registry. It reloads by itself: nothing that is mounted here rolls the Pod. */}}
{{- define "privreg.gateway.container" -}}
{{- $gateway := .Values.gateway -}}
- name: gateway
  image: {{ include "privreg.image" (dict "context" $ "image" $gateway.image) }}
  imagePullPolicy: {{ $gateway.image.pullPolicy }}
  command: [sh, /etc/privreg/gateway/gateway.sh]
  args: [/etc/privreg/gateway, /etc/privreg/auth, {{ ternary "/etc/privreg/tls" "" (not (empty $gateway.tls.secretName)) | quote }}, /run/privreg]
  ports:
    - name: http
      containerPort: 5000
    - name: metrics
      containerPort: {{ .Values.metrics.port }}
  {{- with include "privreg.registry.lifecycle" . }}
  {{- . | nindent 2 }}
  {{- end }}
  securityContext:
    {{- include "privreg.containerSecurityContext" dict | nindent 4 }}
  startupProbe:
    {{- include "privreg.probe" (dict "context" $ "probe" .Values.probes.startup "path" "/healthz/gateway") | nindent 4 }}
  livenessProbe:
    {{- include "privreg.probe" (dict "context" $ "probe" .Values.probes.liveness "path" "/healthz/gateway") | nindent 4 }}
  readinessProbe:
    httpGet:
      path: /
      port: http
      {{- if $gateway.tls.secretName }}
      scheme: HTTPS
      {{- end }}
    periodSeconds: {{ .Values.probes.readiness.periodSeconds }}
    failureThreshold: {{ .Values.probes.readiness.failureThreshold }}
    timeoutSeconds: {{ .Values.probes.readiness.timeoutSeconds }}
  {{- with include "privreg.resources" $gateway.resources }}
  resources:
    {{- . | nindent 4 }}
  {{- end }}
  volumeMounts:
    - name: gateway
      mountPath: /etc/privreg/gateway
      readOnly: true
    - name: auth
      mountPath: /etc/privreg/auth
      readOnly: true
    {{- if $gateway.tls.secretName }}
    - name: tls
      mountPath: /etc/privreg/tls
      readOnly: true
    {{- end }}
    - name: run
      mountPath: /run/privreg
{{- end }}

{{/* Writes the users' file for the verifier before both start; see gateway.sh. */}}
{{- define "privreg.gateway.initContainer" -}}
{{- $gateway := .Values.gateway -}}
- name: users
  image: {{ include "privreg.image" (dict "context" $ "image" $gateway.image) }}
  imagePullPolicy: {{ $gateway.image.pullPolicy }}
  command: [sh, /etc/privreg/gateway/gateway.sh]
  args: [--users, /etc/privreg/auth, /run/privreg]
  securityContext:
    {{- include "privreg.containerSecurityContext" dict | nindent 4 }}
  {{- with include "privreg.resources" $gateway.resources }}
  resources:
    {{- . | nindent 4 }}
  {{- end }}
  volumeMounts:
    - name: gateway
      mountPath: /etc/privreg/gateway
      readOnly: true
    - name: auth
      mountPath: /etc/privreg/auth
      readOnly: true
    - name: run
      mountPath: /run/privreg
{{- end }}

{{/* Compares passwords for the gateway: bcrypt would abort HAProxy. */}}
{{- define "privreg.gateway.verifier" -}}
- name: verifier
  image: {{ include "privreg.image" (dict "context" $ "image" .Values.image) }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: [registry]
  args: [serve, /etc/privreg/gateway/verifier.yml]
  env:
    - name: OTEL_TRACES_EXPORTER
      value: none
    - name: GOMAXPROCS
      value: "1"
  {{- /* As long as the gateway serves, it compares. */}}
  {{- with include "privreg.registry.lifecycle" . }}
  {{- . | nindent 2 }}
  {{- end }}
  securityContext:
    {{- include "privreg.containerSecurityContext" dict | nindent 4 }}
  {{- range $kind := list "startup" "liveness" "readiness" }}
  {{ $kind }}Probe:
    {{- include "privreg.probe" (dict "context" $ "probe" (get $.Values.probes $kind) "path" "/healthz/verifier") | nindent 4 }}
  {{- end }}
  {{- with include "privreg.resources" .Values.gateway.verifier.resources }}
  resources:
    {{- . | nindent 4 }}
  {{- end }}
  volumeMounts:
    - name: gateway
      mountPath: /etc/privreg/gateway
      readOnly: true
    - name: run
      mountPath: /run/privreg
{{- end }}

{{- define "privreg.gateway.volumes" -}}
- name: gateway
  configMap:
    name: {{ include "privreg.gateway.configName" . | quote }}
- name: run
  emptyDir:
    medium: Memory
    sizeLimit: 16Mi
{{- with .Values.gateway.tls.secretName }}
- name: tls
  secret:
    secretName: {{ . | quote }}
    defaultMode: 288 # 0440
    items:
      - key: tls.crt
        path: tls.crt
      - key: tls.key
        path: tls.key
{{- end }}
{{- end }}
