{{/* A user that the next commands can name: behind the gateway one who may push anywhere. */}}
{{- define "privreg.notes.user" -}}
{{- $users := .Values.auth.users | default list -}}
{{- if eq .Values.auth.mode "gateway" -}}
  {{- $users = list -}}
  {{- range include "privreg.gateway.access" . | fromJsonArray -}}
    {{- if not (or (eq .role "pull") .repositories) }}{{ $users = append $users . }}{{ end -}}
  {{- end -}}
{{- else if not $users -}}
  {{- with .Values.pullSecrets.credential.username }}{{ $users = list (dict "name" .) }}{{ end -}}
{{- end -}}
{{- with first $users }}{{ .name }}{{ else }}USER{{ end -}}
{{- end }}

{{/* Where the pull Secret is delivered, one line each; empty for nowhere. */}}
{{- define "privreg.notes.delivery" -}}
{{- $chosen := .Values.pullSecrets -}}
{{- $accounts := include "privreg.pullSecrets.serviceAccounts" . | fromJsonArray -}}
{{- $suffix := "" -}}
{{- with $accounts }}{{ $suffix = printf ", ServiceAccount %s" (join ", " .) }}{{ end -}}
{{- if $chosen.enabled }}
{{- range include "privreg.pullSecrets.namedNamespaces" . | fromJsonArray }}
namespace {{ . }}{{ $suffix }}
{{- end }}
{{- range $chosen.namespaces }}
{{- if include "privreg.isPattern" . }}
namespaces {{ . }}{{ $suffix }}
{{- end }}
{{- end }}
{{- with $chosen.namespaceSelector }}
{{- if or .matchLabels .matchExpressions }}
namespaces with the labels of pullSecrets.namespaceSelector{{ $suffix }}
{{- end }}
{{- end }}
{{- if include "privreg.pullSecrets.everywhere" . }}
not to {{ join ", " ($chosen.excludeNamespaces | default (list "those with the annotation privreg.io/opt-out")) }}
{{- end }}
{{- end }}
{{- end }}

{{/* One line a warning. */}}
{{- define "privreg.notes.warnings" -}}
{{- $storage := .Values.storage }}
{{- if eq .Values.auth.mode "htpasswd" }}
auth.mode is htpasswd: every user, the pull credential too, may also push{{ if $storage.delete.enabled }} and delete{{ end }}.
{{- end }}
{{- if eq $storage.type "emptyDir" }}
storage.type is emptyDir: every image is lost when the Pod is.
{{- else if eq $storage.type "hostPath" }}
storage.type is hostPath: the images are on one node; with several nodes set nodeSelector to it, or the registry may start empty on another one.
{{- else if and (eq $storage.type "s3") (not (or $storage.s3.secretKey $storage.s3.existingSecret)) }}
storage.s3 names no keys: the registry reaches the bucket only if its ServiceAccount or its node has a role there.
{{- else if eq $storage.type "nfs" }}
{{- $user := (include "privreg.podSecurityContext" . | fromYaml).runAsUser }}
storage.type is nfs: the export must let the registry's user (id {{ kindIs "invalid" $user | ternary "of your platform" $user }}) write.
{{- end }}
{{- if and (not .Values.ingress.enabled) (eq .Values.auth.mode "gateway") .Values.gateway.tls.secretName }}
{{- if ne (int .Values.service.port) 443 }}
service.port is {{ .Values.service.port }}, and clients ask for https at 443: set it to 443, or lead that port to it.
{{- end }}
{{- else if not .Values.ingress.enabled }}
ingress.enabled is false: something of yours must serve https://{{ .Values.host }} and pass it to the Service {{ include "privreg.fullname" . }}.
{{- else if eq .Values.ingress.preset "none" }}
ingress.preset is none: if a push ends with "413 Request Entity Too Large" or a timeout, set it to your controller's.
{{- else if eq .Values.ingress.preset "traefik" }}
Traefik ends a request after 60 s unless its entry point websecure has transport.respondingTimeouts.readTimeout 0: pushes over slow lines need that.
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.tls.certManager.enabled) }}
The TLS Secret {{ include "privreg.tlsSecretName" . }} must be in namespace {{ .Release.Namespace }}, with a certificate for {{ .Values.host }} that clients and nodes trust.
{{- end }}
{{- if not .Values.pullSecrets.enabled }}
pullSecrets.enabled is false: Pods need imagePullSecrets of your own to pull{{ if .Values.pullSecrets.keepOnUninstall }}, and what was delivered before stays{{ end }}.
{{- else if not (include "privreg.notes.delivery" .) }}
pullSecrets chooses no namespace: Pods need imagePullSecrets of your own to pull.
{{- end }}
{{- end }}
