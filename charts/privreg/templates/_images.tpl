{{/*
The reference of an image: global.imageRegistry replaces its registry, a digest its tag.
Call: include "privreg.image" (dict "context" $ "image" .Values.image)
*/}}
{{- define "privreg.image" -}}
{{- include "privreg.arguments" (list "privreg.image" . (list "context" "image") list) -}}
{{- $image := .image -}}
{{- $registry := .context.Values.global.imageRegistry | default $image.registry -}}
{{- $version := printf ":%s" $image.tag -}}
{{- with $image.digest }}{{ $version = printf "@%s" . }}{{ end -}}
{{- printf "%s/%s%s" $registry $image.repository $version }}
{{- end }}

{{/* The imagePullSecrets of every Pod of this chart; a parent chart may give them by name or as objects. */}}
{{- define "privreg.imagePullSecrets" -}}
{{- $names := list -}}
{{- range concat (.Values.global.imagePullSecrets | default list) (.Values.imagePullSecrets | default list) }}
  {{- $name := . }}
  {{- if kindIs "map" . }}{{ $name = .name }}{{ end }}
  {{- $names = append $names $name }}
{{- end }}
{{- with $names | uniq -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}
