{{/*
Rules over more than one value; a single value is the schema's business. Each helper prints one line a
problem: "<path>: <what is wrong>; <what to do>". `privreg-values validate` has the same rules and words;
it does not have those about the cluster, which it cannot see: they are in _cluster_rules.tpl.
*/}}
{{- define "privreg.rules.host" -}}
{{- if not .Values.host }}
host: is required; set it to the name that clients use, such as registry.example.com, or run `privreg-values gen --host NAME`
{{- end }}
{{- end }}

{{- define "privreg.rules.auth" -}}
{{- with .Values.auth }}
{{- if eq .mode "token" }}
{{- if or .users .existingSecret .access }}
auth.mode: is token, but auth.users, auth.existingSecret or auth.access is set; remove them, the token server knows the users
{{- end }}
{{- else if and .users .existingSecret }}
auth.existingSecret: is set together with auth.users; keep one of them
{{- else if not (or .users .existingSecret) }}
auth: nobody could log in; run `privreg-values gen --host NAME`, or set auth.users or auth.existingSecret
{{- end }}
{{- $seen := list }}
{{- $twice := list }}
{{- range .users }}
  {{- if has .name $seen }}{{ $twice = append $twice .name }}{{ end }}
  {{- $seen = append $seen .name }}
{{- end }}
{{- range $twice | uniq }}
auth.users: the name {{ . }} is there twice; keep one of them
{{- end }}
{{- if eq .mode "htpasswd" }}
{{- range .users }}
{{- if .previous }}
auth.users: {{ .name }} has a previous password, which needs auth.mode gateway; take it out with `privreg-values users prune --all`, or set auth.mode to gateway
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "privreg.rules.roles" -}}
{{- with .Values.auth }}
{{- if eq .mode "gateway" }}
{{- range .users }}
{{- if not .role }}
auth.users: {{ .name }} has no role; set it to pull, push or admin
{{- end }}
{{- end }}
{{- if and .existingSecret (not (or .users .access)) }}
auth.access: gives nobody a role; name the users of {{ .existingSecret }} in it, each with a role
{{- end }}
{{- if and .access (not .existingSecret) }}
auth.access: is for the users of auth.existingSecret; give the roles in auth.users
{{- end }}
{{- $seen := list }}
{{- range .access }}
{{- if has .name $seen }}
auth.access: the name {{ .name }} is there twice; keep one of them
{{- end }}
{{- $seen = append $seen .name }}
{{- end }}
{{- else if .access }}
auth.access: needs auth.mode gateway; remove it, or set auth.mode to gateway
{{- end }}
{{- end }}
{{- end }}

{{- define "privreg.rules.gateway" -}}
{{- if and (eq .Values.auth.mode "gateway") .Values.gateway.tls.secretName .Values.ingress.enabled }}
gateway.tls.secretName: the Ingress speaks plain http to the gateway; remove it, or set ingress.enabled to false
{{- end }}
{{- end }}

{{- define "privreg.rules.token" -}}
{{- if eq .Values.auth.mode "token" }}
{{- range list "service" "issuer" "existingSecret" }}
{{- if not (get $.Values.token .) }}
token.{{ . }}: is required for auth.mode token; set it as the token server has it
{{- end }}
{{- end }}
{{- if not (or .Values.token.realm .Values.token.autoredirect) }}
token.realm: is required for auth.mode token; set it to the token server's address, or set token.autoredirect to true
{{- end }}
{{- end }}
{{- end }}

{{- define "privreg.rules.httpSecret" -}}
{{- with .Values.httpSecret }}
{{- if and .value .existingSecret }}
httpSecret.existingSecret: is set together with httpSecret.value; keep one of them
{{- else if not (or .value .existingSecret) }}
httpSecret: is required; run `privreg-values gen --host NAME`, or set httpSecret.value or httpSecret.existingSecret
{{- end }}
{{- end }}
{{- end }}

{{- define "privreg.rules.pullSecrets" -}}
{{- $users := list }}
{{- range .Values.auth.users }}{{ $users = append $users .name }}{{ end }}
{{- with .Values.pullSecrets }}
{{- if .enabled }}
{{- $username := .credential.username }}
{{- $password := .credential.password }}
{{- if and .existingSecret (or $username $password) }}
pullSecrets.existingSecret: is set together with pullSecrets.credential; keep one of them
{{- else if .existingSecret }}
{{- else if not (or $username $password) }}
pullSecrets: has nothing to deliver; run `privreg-values gen --host NAME`, set pullSecrets.credential or pullSecrets.existingSecret, or set pullSecrets.enabled to false
{{- else if not $password }}
pullSecrets.credential.password: is missing; set it to the password of {{ $username }}
{{- else if not $username }}
pullSecrets.credential.username: is missing; set it to the user that the password belongs to
{{- else if and $users (not (has $username $users)) }}
pullSecrets.credential.username: {{ $username }} is not among auth.users; add that user or name one of them
{{- end }}
{{- include "privreg.rules.pullSecretsNamespaces" $ }}
{{- end }}
{{- end }}
{{- end }}

{{- define "privreg.rules.pullSecretsNamespaces" -}}
{{- with .Values.pullSecrets }}
{{- $excluded := .excludeNamespaces }}
{{- range .namespaces }}
{{- $name := . }}
{{- if not (include "privreg.isPattern" $name) }}
{{- range $excluded }}
{{- if regexMatch (include "privreg.patternRegex" .) $name }}
pullSecrets.namespaces: {{ $name }} is excluded by {{ . }} in pullSecrets.excludeNamespaces; remove one of the two
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range (.namespaceSelector | default dict).matchExpressions }}
{{- $takes := has .operator (list "In" "NotIn") }}
{{- if and $takes (not .values) }}
pullSecrets.namespaceSelector.matchExpressions: {{ .key }} {{ .operator }} needs values; give at least one
{{- else if and .values (not $takes) }}
pullSecrets.namespaceSelector.matchExpressions: {{ .key }} {{ .operator }} takes no values; remove them, or set operator to In or NotIn
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "privreg.rules.storage" -}}
{{- if and (gt (int .Values.replicas) 1) (include "privreg.storage.singleWriter" .) }}
replicas: {{ int64 .Values.replicas }} registries cannot write to one {{ .Values.storage.type }} volume that has a single writer; set replicas to 1, storage.type to s3 or nfs, or storage.persistence.accessModes to [ReadWriteMany]
{{- end }}
{{- with .Values.storage }}
{{- if eq .type "nfs" }}
{{- if not .nfs.server }}
storage.nfs.server: is required for storage.type nfs; set it to the NFS server's name or address
{{- end }}
{{- if not .nfs.path }}
storage.nfs.path: is required for storage.type nfs; set it to the exported folder
{{- end }}
{{- end }}
{{- if and (eq .type "hostPath") (not .hostPath.path) }}
storage.hostPath.path: is required for storage.type hostPath; set it to a folder on the node
{{- end }}
{{- if eq .type "s3" }}
{{- include "privreg.rules.s3" .s3 }}
{{- end }}
{{- end }}
{{- end }}

{{/* Call: include "privreg.rules.s3" .Values.storage.s3 */}}
{{- define "privreg.rules.s3" -}}
{{- if not .bucket }}
storage.s3.bucket: is required for storage.type s3; set it to the bucket's name
{{- end }}
{{- if not (or .region .regionEndpoint) }}
storage.s3.region: is required for a bucket of Amazon's; set it to the bucket's region, or set storage.s3.regionEndpoint to the address of another store
{{- end }}
{{- if and .existingSecret (or .accessKey .secretKey) }}
storage.s3.existingSecret: is set together with storage.s3.accessKey or storage.s3.secretKey; keep one of them
{{- else if and .accessKey (not .secretKey) }}
storage.s3.secretKey: is missing; set it to the secret of the access key
{{- else if and .secretKey (not .accessKey) }}
storage.s3.accessKey: is missing; set it to the id of the key that the secret belongs to
{{- end }}
{{- end }}

{{- define "privreg.rules.service" -}}
{{- with .Values.service }}
{{- if eq .type "ClusterIP" }}
{{- if .nodePort }}
service.nodePort: needs another service.type than ClusterIP; remove it, or set service.type to NodePort
{{- end }}
{{- if .externalTrafficPolicy }}
service.externalTrafficPolicy: needs another service.type than ClusterIP; remove it, or set service.type to NodePort or LoadBalancer
{{- end }}
{{- end }}
{{- if ne .type "LoadBalancer" }}
{{- if .loadBalancerClass }}
service.loadBalancerClass: is for service.type LoadBalancer; remove it, or set service.type to LoadBalancer
{{- end }}
{{- if .loadBalancerSourceRanges }}
service.loadBalancerSourceRanges: is for service.type LoadBalancer; remove it, or set service.type to LoadBalancer
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "privreg.rules.ingress" -}}
{{- with .Values.ingress }}
{{- if and .enabled .className (get (.annotations | default dict) "kubernetes.io/ingress.class") }}
ingress.className: is set together with the annotation kubernetes.io/ingress.class, and Kubernetes refuses both; remove the annotation
{{- end }}
{{- end }}
{{- end }}

{{- define "privreg.rules.podDisruptionBudget" -}}
{{- with .Values.podDisruptionBudget }}
{{- if not (or (kindIs "invalid" .minAvailable) (kindIs "invalid" .maxUnavailable)) }}
podDisruptionBudget.maxUnavailable: is set together with podDisruptionBudget.minAvailable; keep one of them
{{- end }}
{{- end }}
{{- end }}

{{/* Names in these lists are merge keys: server-side apply, as Helm 4 and GitOps tools use it, refuses one twice. */}}
{{- define "privreg.rules.extras" -}}
{{- $values := dict "REGISTRY_HTTP_SECRET" "httpSecret.existingSecret" "AWS_SHARED_CREDENTIALS_FILE" "storage.s3.existingSecret" }}
{{- $set := list "OTEL_TRACES_EXPORTER" }}
{{- if .Values.tracing.otlpEndpoint }}{{ $set = concat $set (list "OTEL_EXPORTER_OTLP_PROTOCOL" "OTEL_EXPORTER_OTLP_ENDPOINT") }}{{ end }}
{{- if .Values.httpSecret.existingSecret }}{{ $set = append $set "REGISTRY_HTTP_SECRET" }}{{ end }}
{{- if and (eq .Values.storage.type "s3") .Values.storage.s3.existingSecret }}{{ $set = append $set "AWS_SHARED_CREDENTIALS_FILE" }}{{ end }}
{{- $seen := list }}
{{- range .Values.extraEnv }}
{{- if has .name $set }}
extraEnv: the chart sets {{ .name }} itself; remove it, the value for it is {{ get $values .name | default "tracing.otlpEndpoint" }}
{{- else if has .name $seen }}
extraEnv: the name {{ .name }} is there twice; keep one of them
{{- end }}
{{- $seen = append $seen .name }}
{{- end }}
{{- $seen = list }}
{{- range .Values.extraVolumes }}
{{- if has .name (list "auth" "config" "gateway" "programs" "run" "s3" "storage" "tls") }}
extraVolumes: the name {{ .name }} is that of a volume of the chart; choose another, here and in extraVolumeMounts
{{- else if has .name $seen }}
extraVolumes: the name {{ .name }} is there twice; keep one of them
{{- end }}
{{- $seen = append $seen .name }}
{{- end }}
{{- $seen = list }}
{{- range .Values.extraVolumeMounts }}
{{- $path := trimSuffix "/" .mountPath }}
{{- if has $path (list "/etc/distribution" "/etc/privreg/auth" "/etc/privreg/s3" "/run/privreg" "/var/lib/registry") }}
extraVolumeMounts: the chart mounts a volume of its own at {{ $path }}; choose another mountPath, or set storage.type where the images are meant
{{- else if has $path $seen }}
extraVolumeMounts: the mountPath {{ $path }} is there twice; keep one of them
{{- end }}
{{- $seen = append $seen $path }}
{{- end }}
{{- end }}

{{- define "privreg.rules.securityContext" -}}
{{- $pod := include "privreg.podSecurityContext" . | fromYaml }}
{{- if and (eq (toString (get $pod "runAsUser")) "0") (get $pod "runAsNonRoot") }}
podSecurityContext.runAsUser: is 0, which the kubelet refuses to start beside runAsNonRoot; remove it, or set podSecurityContext.runAsNonRoot to false
{{- end }}
{{- $container := .Values.securityContext | default dict }}
{{- $nonRoot := ternary (get $pod "runAsNonRoot") (get $container "runAsNonRoot") (kindIs "invalid" (dig "runAsNonRoot" nil $container)) }}
{{- if and (eq (toString (dig "runAsUser" "" $container)) "0") $nonRoot }}
securityContext.runAsUser: is 0, which the kubelet refuses to start beside runAsNonRoot; remove it, or set securityContext.runAsNonRoot to false
{{- end }}
{{- end }}
