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
