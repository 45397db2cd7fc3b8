{{- define "privreg.programs.name" -}}
{{- include "privreg.suffixedName" (dict "context" . "suffix" "programs") }}
{{- end }}

{{/*
The annotations of a hook: its log is shown by Helm, and what succeeded is removed.
Call: include "privreg.hookAnnotations" "post-install,post-upgrade"
*/}}
{{- define "privreg.hookAnnotations" -}}
helm.sh/hook: {{ . }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
helm.sh/hook-output-log-policy: hook-succeeded,hook-failed
{{- end }}

{{/*
The Pod that runs one of this chart's programs to its end.
Call: include "privreg.programs.podSpec" (dict
        "context" $ "args" (list "check_login.py" …)
        "credential" true            mounts the pull credential at /credential
        "certificate" "x"            mounts tls.crt of this Secret at /certificate; optional
        "serviceAccountName" "x"     a Pod with the token of this ServiceAccount; optional
*/}}
{{- define "privreg.programs.podSpec" -}}
{{- include "privreg.arguments" (list "privreg.programs.podSpec" . (list "context" "args" "credential") (list "certificate" "serviceAccountName")) -}}
{{- $jobs := .context.Values.jobs -}}
restartPolicy: Never
{{- with .serviceAccountName }}
serviceAccountName: {{ . | quote }}
{{- end }}
automountServiceAccountToken: {{ hasKey . "serviceAccountName" }}
enableServiceLinks: false
{{- with include "privreg.imagePullSecrets" .context }}
{{ . }}
{{- end }}
securityContext:
  {{- include "privreg.podSecurityContext" .context | nindent 2 }}
containers:
  - name: program
    image: {{ include "privreg.image" (dict "context" .context "image" $jobs.image) }}
    imagePullPolicy: {{ $jobs.image.pullPolicy }}
    {{- /* -u: what was printed is in the log, however the Pod ends. */}}
    command: [python3, -u]
    args:
      {{- toYaml .args | nindent 6 }}
    securityContext:
      {{- include "privreg.containerSecurityContext" dict | nindent 6 }}
    {{- with include "privreg.resources" $jobs.resources }}
    resources:
      {{- . | nindent 6 }}
    {{- end }}
    volumeMounts:
      - name: programs
        mountPath: /privreg
        readOnly: true
      {{- if .credential }}
      - name: credential
        mountPath: /credential
        readOnly: true
      {{- end }}
      {{- if .certificate }}
      - name: certificate
        mountPath: /certificate
        readOnly: true
      {{- end }}
volumes:
  - name: programs
    configMap:
      name: {{ include "privreg.programs.name" .context | quote }}
  {{- if .credential }}
  - name: credential
    secret:
      secretName: {{ include "privreg.pullSecrets.sourceSecretName" .context | quote }}
      defaultMode: 288 # 0440
      items:
        - key: .dockerconfigjson
          path: .dockerconfigjson
  {{- end }}
  {{- with .certificate }}
  - name: certificate
    secret:
      secretName: {{ . | quote }}
      defaultMode: 288 # 0440
      items:
        - key: tls.crt
          path: tls.crt
  {{- end }}
{{- with $jobs.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $jobs.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
