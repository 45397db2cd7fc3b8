{{/* Not empty when a name is a pattern, with * for any characters or ? for one; neither is in a name itself. */}}
{{- define "privreg.isPattern" -}}
{{- if or (contains "*" .) (contains "?" .) }}x{{ end -}}
{{- end }}

{{/* The regular expression (RE2) of a name or pattern that is made of letters, digits, - . * and ?. */}}
{{- define "privreg.patternRegex" -}}
{{- printf "^%s$" (. | replace "." "[.]" | replace "*" ".*" | replace "?" ".") }}
{{- end }}
