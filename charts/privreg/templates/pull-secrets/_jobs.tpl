{{/*
A Job that runs pull_secrets.py once; what failed is tried again, what was refused (exit code 3) is not.
Call: include "privreg.pullSecrets.jobSpec" (dict "context" $ "args" (list "deliver")
        "programs" "x" "before" "y")     the last two optional, as in privreg.programs.podSpec
*/}}
{{- define "privreg.pullSecrets.jobSpec" -}}
backoffLimit: 2
activeDeadlineSeconds: 900
podFailurePolicy:
  rules:
    - action: FailJob
      onExitCodes:
        containerName: program
        operator: In
        values: [3]
template:
  metadata:
    {{- include "privreg.podMetadata" (dict "context" .context "component" "pull-secrets") | nindent 4 }}
  spec:
    {{- include "privreg.pullSecrets.podSpec" . | nindent 4 }}
{{- end }}

{{/*
The Pod of pull_secrets.py.
Call: include "privreg.pullSecrets.podSpec" (dict "context" $ "args" (list "watch")
        "restartPolicy" "Always" "programs" "x" "before" "y")     the last three optional, as in privreg.programs.podSpec
*/}}
{{- define "privreg.pullSecrets.podSpec" -}}
{{- $args := concat (list "/privreg/pull_secrets.py") .args (list "--settings" (ternary "/before/settings.json" "/privreg/settings.json" (hasKey . "before"))) -}}
{{- include "privreg.programs.podSpec" (merge (dict
      "args" $args
      "credential" false
      "serviceAccountName" (include "privreg.pullSecrets.programName" .context)) (omit . "args")) }}
{{- end }}
