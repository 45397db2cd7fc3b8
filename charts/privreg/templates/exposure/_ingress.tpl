{{/*
Annotations of the chosen preset, each a map: what a push of any size needs (no limit on a body, no
buffering, 15 minutes for an answer), and the redirect to https.
*/}}
{{- define "privreg.ingress.preset.none" -}}
{}
{{- end }}

{{/* kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations */}}
{{- define "privreg.ingress.preset.nginx" -}}
nginx.ingress.kubernetes.io/ssl-redirect: {{ .Values.ingress.redirect | quote }}
nginx.ingress.kubernetes.io/force-ssl-redirect: {{ .Values.ingress.redirect | quote }}
nginx.ingress.kubernetes.io/proxy-body-size: "0"
nginx.ingress.kubernetes.io/proxy-request-buffering: "off"
nginx.ingress.kubernetes.io/proxy-read-timeout: "900"
nginx.ingress.kubernetes.io/proxy-send-timeout: "900"
{{- end }}

{{/*
Two controllers are called haproxy, each with its own prefix:
haproxytech/kubernetes-ingress documentation/annotations.md (its redirect goes to port 8443 by default),
jcmoraisjr/haproxy-ingress docs/content/en/docs/configuration/keys.md.
*/}}
{{- define "privreg.ingress.preset.haproxy" -}}
haproxy.org/ssl-redirect: {{ .Values.ingress.redirect | quote }}
haproxy.org/ssl-redirect-code: "301"
haproxy.org/ssl-redirect-port: "443"
haproxy.org/timeout-server: 15m
haproxy-ingress.github.io/ssl-redirect: {{ .Values.ingress.redirect | quote }}
haproxy-ingress.github.io/proxy-body-size: unlimited
haproxy-ingress.github.io/timeout-server: 15m
{{- end }}

{{/*
Traefik sets no limit on a body; its time limits belong to its entry points, not to an Ingress. The
redirect is an Ingress of its own.
*/}}
{{- define "privreg.ingress.preset.traefik" -}}
traefik.ingress.kubernetes.io/router.entrypoints: websecure
traefik.ingress.kubernetes.io/router.tls: "true"
{{- end }}

{{/* The preset's annotations, the user's over them. */}}
{{- define "privreg.ingress.annotations" -}}
{{- $preset := include (printf "privreg.ingress.preset.%s" .Values.ingress.preset) . | fromYaml -}}
{{- include "privreg.merge" (list .Values.ingress.annotations $preset) }}
{{- end }}

{{/* Traefik redirects by a Middleware, on an Ingress of its own for plain http. */}}
{{- define "privreg.ingress.traefikRedirect" -}}
{{- with .Values.ingress }}
  {{- if and .enabled .redirect (eq .preset "traefik") }}true{{ end }}
{{- end }}
{{- end }}

{{- define "privreg.ingress.redirectName" -}}
{{- include "privreg.suffixedName" (dict "context" . "suffix" "https-redirect") }}
{{- end }}

{{/* The class and the one rule. */}}
{{- define "privreg.ingress.rules" -}}
{{- with .Values.ingress.className -}}
ingressClassName: {{ . | quote }}
{{ end -}}
rules:
  - host: {{ .Values.host | quote }}
    http:
      paths:
        - path: /
          pathType: Prefix
          backend:
            service:
              name: {{ include "privreg.fullname" . | quote }}
              port:
                name: http
{{- end }}
