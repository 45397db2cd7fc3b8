{{/*
The door of the registry, for HAProxy 2.6 and later: who comes in, and what they may do there.

A request passes the door once its Authorization header is known, by its SHA-256, in the table `verified`.
One that is not known goes through `verify` first, on a thread of its own: bcrypt keeps that thread busy for a
while, never those of the door. From there it comes back to the door, now known.

The files that are named without a folder lie beside this one; gateway.sh puts them there.
*/}}
{{- define "privreg.gateway.haproxy" -}}
{{- $gateway := .Values.gateway -}}
{{- $tls := ternary " ssl crt tls.crt alpn h2,http/1.1" "" (not (empty $gateway.tls.secretName)) -}}
{{- $doorThreads := ternary "2" (printf "2-%d" (add1 $gateway.threads)) (eq (int $gateway.threads) 1) -}}
global
    master-worker
    # thread 1 verifies passwords; the others serve
    nbthread {{ add1 $gateway.threads }}
    maxconn {{ $gateway.maxConnections }}
    default-path config
    stats socket "${RUN}/admin.sock" mode 600 level admin
    log stdout len 16384 format raw daemon info
    tune.bufsize 32768
    {{- if $gateway.tls.secretName }}
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
    # tls.crt has its key in tls.key
    ssl-load-extra-del-ext
    {{- end }}

defaults
    mode http
    option splice-auto
    option http-keep-alive
    timeout connect 5s
    # how long a connection may be silent, not how long an upload may take
    timeout client 10m
    timeout server 10m
    timeout http-request 30s
    timeout http-keep-alive 2m
    timeout queue 30s
    {{- range $status, $text := dict "400" "the request is not understood" "408" "the request did not arrive in time" "500" "the gateway failed" "502" "the registry failed" "503" "the registry does not answer" "504" "the registry does not answer in time" }}
    http-error status {{ $status }} content-type application/json string {{ include "privreg.gateway.error" (list "UNAVAILABLE" $text) }}
    {{- end }}

# Failed logins in the last minute, by source (of IPv6, by network: who has one address has all of it).
backend failures
    stick-table type ipv6 size 100k expire 2m store gpc0_rate(1m)

# Those of all sources together in the last second.
backend all_failures
    stick-table type integer size 10 expire 10s store gpc0_rate(1s)

# SHA-256 of the Authorization headers that were verified, for {{ $gateway.cacheSeconds }} s; never a password.
# A reload begins with an empty table: who was removed or changed is verified anew.
backend verified
    stick-table type binary len 32 size 100k expire {{ $gateway.cacheSeconds }}s

# The same for a day. Who is in it is no guesser, and is verified again while others guess from the same address.
backend proven
    stick-table type binary len 32 size 100k expire 1d

frontend door
    bind :5000 name clients thread {{ $doorThreads }}{{ $tls }}
    # Apart, so that addresses of IPv4 stay what they are: one guesser each. gateway.sh knows whether there is IPv6.
    .if defined(IPV6)
    bind :::5000 v6only name clients6 thread {{ $doorThreads }}{{ $tls }}
    .endif
    # requests that come back from `verify`
    bind "unix@${RUN}/again.sock" name again accept-proxy thread {{ $doorThreads }} mode 600
    log global
    log-format {{ include "privreg.gateway.logFormat" . }}

    http-request {{ include "privreg.gateway.answer" (list 414 "UNSUPPORTED" "the path is too long") }} if { path_len gt 1024 }
    http-request set-var(txn.path) path
    http-request set-var(txn.key) req.fhdr(authorization),sha2(256)
    {{- with $gateway.trustedProxies }}
    # The address counts for failed logins only; a proxy tells it, if it is one of ours. The last one in the
    # header is what that proxy saw, those before it are what the client says.
    {{- range . }}
    acl from_trusted_proxy src {{ . }}
    {{- end }}
    http-request set-src req.hdr(x-forwarded-for,-1) if from_trusted_proxy { req.hdr(x-forwarded-for) -m found }
    {{- end }}

    # Nothing but plain requests of the OCI distribution API.
    acl api_method method GET HEAD POST PUT PATCH DELETE
    acl plain_path path -m reg '^/[A-Za-z0-9._:/+=-]*$'
    acl odd_path path -m sub // /.
    acl origin_form url -m beg /
    acl http2 fc_http_major 2
    acl two_credentials req.fhdr_cnt(authorization) gt 1
    http-request {{ include "privreg.gateway.answer" (list 405 "UNSUPPORTED" "this method is not allowed") }} hdr Allow "GET, HEAD, POST, PUT, PATCH, DELETE" if !api_method
    http-request {{ include "privreg.gateway.answer" (list 400 "UNSUPPORTED" "the path is not canonical") }} if !plain_path or odd_path or !origin_form !http2
    http-request {{ include "privreg.gateway.answer" (list 400 "UNAUTHORIZED" "more than one Authorization header") }} if two_credentials

    # Who is not known asks `verify` first, unless there have been too many wrong guesses.
    acl basic req.fhdr(authorization) -m reg -i '^Basic [A-Za-z0-9+/]{1,1024}={0,2}$'
    http-request {{ include "privreg.gateway.answer" (list 401 "UNAUTHORIZED" "authentication required") }} hdr WWW-Authenticate {{ include "privreg.gateway.challenge" . }} if !basic
    {{- include "privreg.gateway.refuseGuesses" . }}
    # Those who wait in line to be compared leave connections for the others.
    http-request {{ include "privreg.gateway.answer" (list 503 "UNAVAILABLE" "too many logins at once") }} hdr Retry-After 1 if !known !proven { be_conn(to_verify) ge {{ div $gateway.maxConnections 4 }} }
    http-request set-log-level silent if !known or { stopping }
    # After a reload the new process has the new users: it answers what comes on connections of the old one, too.
    use_backend again if { stopping }
    use_backend to_verify if !known
    default_backend registry

# What may this user do? Asked on every request, whoever is remembered.
backend registry
    http-request set-var(txn.user) http_auth_user
    http-request set-var(txn.role) var(txn.user),map_str(roles.map,none)
    http-request del-header Authorization
    http-request set-header X-Forwarded-For %[src]
    # REPOSITORY/manifests/REFERENCE and so on: the last of these words ends the repository's name.
    http-request set-var(txn.repository) 'path,regsub("^/v2/(.+)/(manifests/[^/]+|blobs/uploads/[^/]*|blobs/[^/]+|tags/list|referrers/[^/]+)$","\1")' if { path -m reg '^/v2/.+/(manifests/[^/]+|blobs/uploads/[^/]*|blobs/[^/]+|tags/list|referrers/[^/]+)$' }

    acl ping path /v2 /v2/
    acl catalog path /v2/_catalog
    acl in_repository var(txn.repository) -m found
    acl upload path -m reg '/blobs/uploads/[^/]*$'
    acl starts_upload method POST
    acl uploads path -m end /blobs/uploads/
    acl changes method POST PUT PATCH DELETE
    acl deletes method DELETE
    acl may_pull var(txn.role) -m str pull push admin
    acl may_push var(txn.role) -m str push admin
    acl may_delete var(txn.role) -m str admin
    acl limited var(txn.user) -m str -f limited.lst
    acl may_use var(txn.user),concat(" ",txn.repository) -m reg -f repositories.lst
    acl writable str(writes),map_str(switches.map,on) -m str on

    http-request {{ include "privreg.gateway.answer" (list 404 "NAME_UNKNOWN" "there is nothing at this path") }} if !ping !catalog !in_repository
    http-request {{ include "privreg.gateway.answer" (list 403 "DENIED" "this user has no role") }} if !may_pull
    http-request {{ include "privreg.gateway.answer" (list 403 "DENIED" "the catalog is for admins of all repositories") }} if catalog !may_delete or catalog limited
    http-request {{ include "privreg.gateway.answer" (list 403 "DENIED" "this user may not push") }} if changes !may_push or upload !may_push
    http-request {{ include "privreg.gateway.answer" (list 403 "DENIED" "this user may not delete") }} if deletes !upload !may_delete
    http-request {{ include "privreg.gateway.answer" (list 403 "DENIED" "this user may not use this repository") }} if in_repository limited !may_use
    http-request {{ include "privreg.gateway.answer" (list 405 "UNSUPPORTED" "nothing can be changed here") }} if changes !in_repository or starts_upload !uploads
    http-request {{ include "privreg.gateway.answer" (list 503 "UNAVAILABLE" "the registry is read-only for maintenance") }} hdr Retry-After 60 if changes !writable

    # A mount takes a blob from another repository: a limited user must be allowed to pull there, else the
    # mount is left out, and the client uploads the blob as the specification has it. (\z is the very end; $ may
    # be before a line feed.)
    acl mount_plain url_param(mount),url_dec -m reg '^[a-z0-9]+:[0-9a-f]+\z'
    acl digest_plain url_param(digest),url_dec -m reg '^[a-z0-9]+:[0-9a-f]+\z'
    http-request set-var(txn.from) url_param(from),url_dec if limited starts_upload
    acl from_plain var(txn.from) -m reg '^[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*\z'
    acl may_use_from var(txn.user),concat(" ",txn.from) -m reg -f repositories.lst
    http-request set-var(txn.query) str("") if limited starts_upload
    http-request set-var(txn.query) url_param(digest),url_dec,regsub('^','digest=') if limited starts_upload digest_plain
    http-request set-var(txn.query) url_param(mount),url_dec,regsub('^','mount='),concat(&from=,txn.from) if limited starts_upload mount_plain from_plain may_use_from
    http-request set-query %[var(txn.query)] if limited starts_upload
    # The registry takes these parameters from a form in the body as well.
    http-request set-header Content-Type application/octet-stream if limited starts_upload

    http-response set-header Privreg-Configuration %[var(proc.configuration)] if { var(txn.path) -m str /v2/ }
    http-reuse always
    # The registry holds 4 MiB for each blob that it sends, so only so many are sent at the same time.
    timeout queue 5m
    use-server downloads if { method GET } { path -m reg '/blobs/[^/]+$' }
    server registry "unix@${RUN}/registry.sock"
    server downloads "unix@${RUN}/registry.sock" weight 0 maxconn {{ $gateway.maxDownloads }}

# Passwords are compared here, one after another.
backend to_verify
    server verify "unix@${RUN}/verify.sock" send-proxy-v2

frontend verify
    bind "unix@${RUN}/verify.sock" accept-proxy thread 1 mode 600
    option httpclose
    log global
    log-format {{ include "privreg.gateway.logFormat" . }}

    http-request set-var(txn.path) path
    http-request set-var(txn.key) req.fhdr(authorization),sha2(256)
    # Since the door looked, others may have failed, or brought the same credential.
    {{- include "privreg.gateway.refuseGuesses" . }}
    http-request set-var(txn.good) bool(true) if known or { http_auth(users) } or { http_auth(previous) }
    acl good var(txn.good) -m bool
    http-request set-var(txn.user) http_auth_user if !good
    http-request track-sc0 src,ipmask(32,64) table failures if !good
    http-request track-sc1 int(0) table all_failures if !good
    http-request sc-inc-gpc0(0) if !good
    http-request sc-inc-gpc0(1) if !good
    http-request {{ include "privreg.gateway.answer" (list 401 "UNAUTHORIZED" "user name or password is wrong") }} hdr WWW-Authenticate {{ include "privreg.gateway.challenge" . }} if !good
    http-request track-sc1 var(txn.key) table verified
    http-request track-sc2 var(txn.key) table proven
    http-request set-log-level silent
    default_backend again

backend again
    # When the Pod is to end there is no other process: no answer, and the client asks again on a new connection.
    errorfile 503 /dev/null
    server door "unix@${RUN}/again.sock" send-proxy-v2

# For Prometheus and the kubelet; the Service does not have this port.
frontend metrics
    bind :{{ .Values.metrics.port }} thread {{ $doorThreads }}
    .if defined(IPV6)
    bind :::{{ .Values.metrics.port }} v6only thread {{ $doorThreads }}
    .endif
    acl readable method GET HEAD
    http-request return status 405 if !readable
    http-request return status 200 content-type text/plain string ok if { path /healthz/gateway }
    http-request use-service prometheus-exporter if { path /metrics }
    http-request return status 404 if !{ path /healthz/registry /registry/metrics }
    use_backend registry_health if { path /healthz/registry }
    default_backend registry_metrics

backend registry_health
    http-request set-path /
    http-request del-header Authorization
    server registry "unix@${RUN}/registry.sock"

backend registry_metrics
    http-request set-path /metrics
    server registry 127.0.0.1:5001
{{- end }}

{{/*
Who fails too often must wait, and so must who has failed lately while as many guesses of others are wrong in
this second as may be.
*/}}
{{- define "privreg.gateway.refuseGuesses" }}
{{- $gateway := .Values.gateway }}
    acl known var(txn.key),in_table(verified) -m bool
    acl proven var(txn.key),in_table(proven) -m bool
    acl guessed src,ipmask(32,64),table_gpc0_rate(failures) -m int gt 0
    acl guesses_too_often src,ipmask(32,64),table_gpc0_rate(failures) -m int ge {{ $gateway.failedLoginsPerMinute }}
    acl busy int(0),table_gpc0_rate(all_failures) -m int ge {{ $gateway.verificationsPerSecond }}
    http-request {{ include "privreg.gateway.answer" (list 429 "TOOMANYREQUESTS" "too many failed logins from this address") }} hdr Retry-After 60 if !known !proven guesses_too_often
    http-request {{ include "privreg.gateway.answer" (list 503 "UNAVAILABLE" "too many logins at once") }} hdr Retry-After 1 if !known !proven busy guessed
{{- end }}

{{/*
The answer that ends a request, as a `return` of HAProxy; headers may follow it.
Call: include "privreg.gateway.answer" (list 403 "DENIED" "this user may not push")
*/}}
{{- define "privreg.gateway.answer" -}}
return status {{ index . 0 }} content-type application/json string {{ include "privreg.gateway.error" (rest .) }} hdr Docker-Distribution-Api-Version registry/2.0
{{- end }}

{{/*
An error in the form of the OCI distribution specification, quoted for HAProxy.
Call: include "privreg.gateway.error" (list "DENIED" "this user may not push")
*/}}
{{- define "privreg.gateway.error" -}}
{{- $error := dict "code" (index . 0) "message" (index . 1) -}}
{{- dict "errors" (list $error) | toJson | squote }}
{{- end }}

{{/* The realm holds no " and no \ (schema); % and $ mean something to HAProxy. */}}
{{- define "privreg.gateway.challenge" -}}
{{- $realm := .Values.auth.realm | replace "%" "%%" | replace "$" "\\$" -}}
"Basic realm=\"{{ $realm }}\""
{{- end }}

{{/* One JSON object a request; the Authorization header and the query are never in it. */}}
{{- define "privreg.gateway.logFormat" -}}
'{"time":"%[date,utime(%Y-%m-%dT%H:%M:%SZ)]","source":"%[src]","method":"%[capture.req.method]","path":"%[var(txn.path),json(utf8s)]","user":"%[var(txn.user),json(utf8s)]","role":"%[var(txn.role)]","repository":"%[var(txn.repository)]","status":%ST,"bytes_in":%U,"bytes_out":%B,"duration_ms":%Ta,"end":"%ts"}'
{{- end }}
