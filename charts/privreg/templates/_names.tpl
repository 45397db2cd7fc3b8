{{/* The value of the label app.kubernetes.io/name. */}}
{{- define "privreg.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
The name of the release's main objects. A release name may hold dots, a Service's name may not.
*/}}
{{- define "privreg.fullname" -}}
{{- $name := include "privreg.name" . -}}
{{- $fullname := .Values.fullnameOverride -}}
{{- if not $fullname }}
  {{- $fullname = ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- end }}
{{- $fullname | replace "." "-" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
The full name and a suffix, together at most 63 characters.
Call: include "privreg.suffixedName" (dict "context" $ "suffix" "config")
*/}}
{{- define "privreg.suffixedName" -}}
{{- include "privreg.arguments" (list "privreg.suffixedName" . (list "context" "suffix") list) -}}
{{- $room := sub 62 (len .suffix) | int -}}
{{- printf "%s-%s" (include "privreg.fullname" .context | trunc $room | trimSuffix "-") .suffix }}
{{- end }}

{{/*
A Secret that the user made, or else the one of this chart with the given suffix.
Call: include "privreg.secretName" (dict "context" $ "existing" .Values.auth.existingSecret "suffix" "htpasswd")
*/}}
{{- define "privreg.secretName" -}}
{{- include "privreg.arguments" (list "privreg.secretName" . (list "context" "existing" "suffix") list) -}}
{{- .existing | default (include "privreg.suffixedName" (dict "context" .context "suffix" .suffix)) }}
{{- end }}

{{/* The ServiceAccount of the registry's Pod. */}}
{{- define "privreg.serviceAccountName" -}}
{{- $fallback := ternary (include "privreg.fullname" .) "default" .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default $fallback }}
{{- end }}

{{/* The TLS Secret that the Ingress serves and that cert-manager fills. */}}
{{- define "privreg.tlsSecretName" -}}
{{- include "privreg.secretName" (dict "context" . "existing" .Values.tls.secretName "suffix" "tls") }}
{{- end }}
