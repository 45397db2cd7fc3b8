{{- define "privreg.programs.name" -}}
{{- include "privreg.suffixedName" (dict "context" . "suffix" "programs") }}
{{- end }}

{{/* The programs, and what pull_secrets.py is to do. */}}
{{- define "privreg.programs.data" -}}
{{- range $path, $_ := .Files.Glob "files/*.py" }}
{{ base $path }}: |
  {{- $.Files.Get $path | nindent 2 }}
{{- end }}
settings.json: |
  {{- include "privreg.pullSecrets.settings" . | nindent 2 }}
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
The Pod that runs one of this chart's programs.
Call: include "privreg.programs.podSpec" (dict
        "context" $ "args" (list "check_login.py" …)
        "credential" true            mounts the pull credential at /credential
        "certificate" "x"            mounts tls.crt of this Secret at /certificate; optional
        "serviceAccountName" "x"     a Pod with the token of this ServiceAccount; optional
        "restartPolicy" "Always"     otherwise it runs once, to its end; optional
        "programs" "x"               the ConfigMap with the programs, if not the release's; optional
        "before" "x")                mounts settings.json of this ConfigMap, if it is there, at /before; optional
*/}}
{{- define "privreg.programs.podSpec" -}}
{{- include "privreg.arguments" (list "privreg.programs.podSpec" . (list "context" "args" "credential") (list "certificate" "serviceAccountName" "restartPolicy" "programs" "before")) -}}
{{- $jobs := .context.Values.jobs -}}
restartPolicy: {{ .restartPolicy | default "Never" }}
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
      {{- if .before }}
      - name: before
        mountPath: /before
        readOnly: true
      {{- end }}
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
      name: {{ .programs | default (include "privreg.programs.name" .context) | quote }}
  {{- with .before }}
  - name: before
    configMap:
      name: {{ . | quote }}
      optional: true
      items:
        - key: settings.json
          path: settings.json
  {{- end }}
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
nodeSelector:
  {{- include "privreg.merge" (list ($jobs.nodeSelector | default dict) (dict "kubernetes.io/os" "linux")) | nindent 2 }}
{{- with $jobs.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
