{{/*
Labels that never change over a release's life: selectors are made of these alone.
Call: include "privreg.selectorLabels" (dict "context" $ "component" "registry")
*/}}
{{- define "privreg.selectorLabels" -}}
{{- include "privreg.arguments" (list "privreg.selectorLabels" . (list "context" "component") list) -}}
app.kubernetes.io/name: {{ include "privreg.name" .context | quote }}
app.kubernetes.io/instance: {{ .context.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/*
The metadata of every object of this chart. The chart's own labels win over commonLabels,
the given annotations over commonAnnotations.
Call: include "privreg.metadata" (dict "context" $ "name" "x" "component" "registry"
                                       "namespace" "y" "annotations" (dict …))     the last two optional
*/}}
{{- define "privreg.metadata" -}}
{{- include "privreg.arguments" (list "privreg.metadata" . (list "context" "name" "component") (list "namespace" "annotations")) -}}
{{- $values := .context.Values -}}
{{- $chart := .context.Chart -}}
{{- $selector := include "privreg.selectorLabels" (pick . "context" "component") | fromYaml -}}
{{- $version := dict
      "app.kubernetes.io/version" $chart.AppVersion
      "app.kubernetes.io/managed-by" .context.Release.Service
      "helm.sh/chart" (printf "%s-%s" $chart.Name $chart.Version | replace "+" "_") -}}
name: {{ .name | quote }}
namespace: {{ .namespace | default .context.Release.Namespace | quote }}
labels:
  {{- include "privreg.merge" (list $selector $version $values.commonLabels) | nindent 2 }}
{{- with include "privreg.merge" (list .annotations $values.commonAnnotations) | fromYaml }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
The metadata of an object that has no namespace, otherwise as privreg.metadata.
Call: include "privreg.clusterMetadata" (dict "context" $ "name" "x" "component" "registry")
*/}}
{{- define "privreg.clusterMetadata" -}}
{{- omit (include "privreg.metadata" . | fromYaml) "namespace" | toYaml }}
{{- end }}

{{/*
The metadata of a Pod. No version labels: a new chart version alone restarts nothing.
Call: include "privreg.podMetadata" (dict "context" $ "component" "registry"
                                          "labels" (dict …) "annotations" (dict …))     the last two optional
*/}}
{{- define "privreg.podMetadata" -}}
{{- include "privreg.arguments" (list "privreg.podMetadata" . (list "context" "component") (list "labels" "annotations")) -}}
{{- $values := .context.Values -}}
{{- $selector := include "privreg.selectorLabels" (pick . "context" "component") | fromYaml -}}
labels:
  {{- include "privreg.merge" (list $selector .labels $values.commonLabels) | nindent 2 }}
{{- with include "privreg.merge" (list .annotations $values.commonAnnotations) | fromYaml }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
