{{/*
CEL that says whether a Pod's namespace is served, in the words of choosing.py: Settings.chooses.
*/}}
{{- define "privreg.pullSecrets.chosenExpression" -}}
{{- $name := "namespaceObject.metadata.name" -}}
{{- $chosen := list -}}
{{- range .Values.pullSecrets.namespaces -}}
  {{- $chosen = append $chosen (include "privreg.pullSecrets.nameExpression" .) -}}
{{- end -}}
{{- with include "privreg.pullSecrets.selectorExpression" .Values.pullSecrets.namespaceSelector -}}
  {{- $chosen = append $chosen (printf "(%s)" .) -}}
{{- end -}}
{{- $expression := "false" -}}
{{- with $chosen -}}
  {{- $expression = printf "(%s)" (join " || " .) -}}
{{- end -}}
{{- range .Values.pullSecrets.excludeNamespaces -}}
  {{- $expression = printf "%s && !%s" $expression (include "privreg.pullSecrets.nameExpression" .) -}}
{{- end -}}
{{- if .Values.pullSecrets.releaseNamespace -}}
  {{- $expression = printf "(%s || %s == %q)" $expression $name .Release.Namespace -}}
{{- end -}}
{{- printf "%s && namespaceObject.metadata.?annotations[?\"privreg.io/opt-out\"].orValue(\"\") != \"true\"" $expression -}}
{{- end }}

{{/* CEL that says whether the namespace has this name, or fits this pattern. */}}
{{- define "privreg.pullSecrets.nameExpression" -}}
{{- printf "namespaceObject.metadata.name.matches(%q)" (include "privreg.patternRegex" .) -}}
{{- end }}

{{/* CEL that says whether the namespace's labels fit a selector; empty for an empty selector, which selects nothing. */}}
{{- define "privreg.pullSecrets.selectorExpression" -}}
{{- $selector := . | default dict -}}
{{- $terms := list -}}
{{- range $key, $value := $selector.matchLabels -}}
  {{- $terms = append $terms (printf "namespaceObject.metadata.?labels[?%q] == optional.of(%q)" $key $value) -}}
{{- end -}}
{{- range $selector.matchExpressions -}}
  {{- $label := printf "namespaceObject.metadata.?labels[?%q]" .key -}}
  {{- $in := printf "%s.hasValue() && %s.value() in %s" $label $label (.values | default list | toJson) -}}
  {{- $term := dict
        "In" (printf "(%s)" $in)
        "NotIn" (printf "!(%s)" $in)
        "Exists" (printf "%s.hasValue()" $label)
        "DoesNotExist" (printf "!%s.hasValue()" $label) -}}
  {{- $terms = append $terms (get $term .operator) -}}
{{- end -}}
{{- join " && " $terms -}}
{{- end }}
