{{/*
The gateway in front of the registry, for HAProxy 3.2: who comes in, and what they may do there.

Authentication is cached: the SHA-256 of a credential that was verified is in the table `verified`. What is not in it
goes to lua.authenticate, which has the password compared by the verifier, never by a thread of HAProxy. Authorization
runs on every request.

The files that are named without a folder lie beside this one; gateway.sh puts them there.
*/}}
{{- define "privreg.gateway.haproxy" -}}
{{- $gateway := .Values.gateway -}}
{{- $tls := ternary " ssl crt tls.crt alpn http/1.1" "" (not (empty $gateway.tls.secretName)) -}}
{{- $connections := int $gateway.maxConnections -}}
{{- $reserve := max 10 (div $connections 10) -}}
{{- $waiting := max 5 (div $connections 4) -}}
global
    master-worker
    # Old processes that still send a long download; at the next reload after that the oldest ends.
    mworker-max-reloads 3
    localpeer gateway
    nbthread {{ $gateway.threads }}
    # Clients have {{ $connections }}; the rest is for probes, metrics and comparisons, which clients cannot starve.
    maxconn {{ add $connections $reserve $waiting 100 }}
    # Where the container may have fewer file descriptors, HAProxy takes what it gets; where more, no more than this.
    no strict-limits
    fd-hard-limit {{ add (mul 3 $connections) 2000 }}
    default-path config
    stats socket "${RUN}/admin.sock" mode 600 level admin
    # The budget of memory (SECURITY.md): a connection has at most two buffers.
    tune.bufsize 16384
    tune.stick-counters 6
    tune.lua.bool-sample-conversion normal
    tune.lua.log.loggers off
    httpclient.retries 0
    lua-load-per-thread authenticate.lua
    {{- if $gateway.tls.secretName }}
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
    # tls.crt has its key in tls.key
    ssl-load-extra-del-ext
    {{- end }}

defaults
    mode http
    option splice-auto
    option http-keep-alive
    option http-ignore-probes
    option dontlognull
    timeout connect 5s
    # Until the gateway knows who asks, a client must go on within 10 s; after that see the frontend.
    timeout client 10s
    # How long the registry may be silent, not how long an upload may take.
    timeout server 10m
    timeout http-request 10s
    timeout http-keep-alive 30s
    timeout queue 30s
    {{- range $status, $error := include "privreg.gateway.errors" . | fromYaml }}
    http-error status {{ $status }} content-type application/json string {{ include "privreg.gateway.error" (list $error.code $error.message) }}{{ with $error.retryAfter }} hdr Retry-After {{ . }}{{ end }}
    {{- end }}

# A reload hands these tables on to the new process.
peers reloads
    bind "unix@${RUN}/peers.sock" mode 600
    server gateway

# Distinct wrong passwords of the last minute: by user and source, by source, and all in the last second. The source of
# IPv6 is its /64: who has one address has all of it.
backend failed_logins
    stick-table type binary len 20 size 20k expire 2m store gpc0_rate(1m) peers reloads

backend failed_sources
    stick-table type binary len 20 size 20k expire 2m store gpc0_rate(1m) peers reloads

backend failed_in_all
    stick-table type string len 8 size 10 expire 10s store gpc0_rate(1s)

# SHA-256 of the credentials that were verified, for {{ $gateway.cacheSeconds }} s; never a password. After a reload it
# is empty: who was removed or changed is verified anew.
backend verified
    stick-table type binary len 32 size 20k expire {{ $gateway.cacheSeconds }}s

# The same of wrong ones: a client that repeats an old password costs one comparison, and is one failed login.
backend rejected
    stick-table type binary len 32 size 20k expire {{ min 60 $gateway.cacheSeconds }}s

# Credentials, and users with their source, that were right within a day: no lock holds for the first, and both go
# before others when passwords wait to be compared.
backend proven
    stick-table type binary len 32 size 20k expire 1d peers reloads

backend logins
    stick-table type binary len 20 size 20k expire 1d peers reloads

# Downloads under way, by user and source.
backend downloads
    stick-table type binary len 20 size 20k expire 1h store conn_cur

# Connections by source.
backend sources
    stick-table type ipv6 size 20k expire 1m store conn_cur

frontend clients
    bind :5000 name clients proto h1{{ $tls }}
    # Apart, so that addresses of IPv4 stay what they are. gateway.sh knows whether there is IPv6.
    .if defined(IPV6)
    bind :::5000 v6only name clients6 proto h1{{ $tls }}
    .endif
    maxconn {{ add $connections $reserve }}
    # Here and not in `global`: HAProxy's httpclient would log its requests there.
    log stdout len 16384 format raw daemon info
    log-format {{ include "privreg.gateway.logFormat" . }}

    {{- range $gateway.trustedProxies }}
    acl from_trusted_proxy src {{ . }}
    {{- end }}
    tcp-request connection track-sc5 src table sources
    # A newcomer who finds the gateway full, or has half of its connections, is told so.
    tcp-request session set-var(sess.newcomer) bool(true) if { fe_conn gt {{ $connections }} }
    tcp-request session set-var(sess.newcomer) bool(true) if { sc_conn_cur(5) gt {{ max 5 (div $connections 2) }} }{{ if $gateway.trustedProxies }} !from_trusted_proxy{{ end }}
    # Nearly full: connections end with their answer instead of staying idle.
    http-after-response set-header Connection close if { fe_conn gt {{ div (mul 3 $connections) 4 }} }

    # An old process answers no further request of a connection by the old rules: the client sends it again on a new one
    # (RFC 9112, section 9.3.1).
    http-request reject if { stopping } !{ http_first_req }
    http-request {{ include "privreg.gateway.answer" (list 414 "UNSUPPORTED" "the path is too long") }} if { path_len gt 1024 }
    http-request set-var(txn.path) path
    # Load balancers look at it.
    http-request return status 200 hdr Docker-Distribution-Api-Version registry/2.0 if { path / } { method GET HEAD }
    http-request {{ include "privreg.gateway.answer" (list 503 "UNAVAILABLE" "too many connections") }} hdr Retry-After 1 hdr Connection close if { var(sess.newcomer) -m bool }
    {{- if $gateway.trustedProxies }}
    # The address counts for failed logins only; a proxy tells it, if it is one of ours. The last one in the
    # header is what that proxy saw, those before it are what the client says.
    http-request set-src req.hdr(x-forwarded-for,-1) if from_trusted_proxy { req.hdr(x-forwarded-for) -m found }
    {{- end }}

    # Nothing but plain requests of the OCI distribution API.
    acl api_method method GET HEAD POST PUT PATCH DELETE
    acl plain_path path -m reg '^/[A-Za-z0-9._:/+=-]*$'
    acl non_canonical_path path -m sub // /.
    acl origin_form url -m beg /
    acl two_credentials req.fhdr_cnt(authorization) gt 1
    http-request {{ include "privreg.gateway.answer" (list 405 "UNSUPPORTED" "this method is not allowed") }} hdr Allow "GET, HEAD, POST, PUT, PATCH, DELETE" if !api_method
    http-request {{ include "privreg.gateway.answer" (list 400 "UNSUPPORTED" "the path is not canonical") }} if !plain_path or non_canonical_path or !origin_form
    # The registry answers it with 500.
    http-request {{ include "privreg.gateway.answer" (list 400 "UNSUPPORTED" "the query holds a NUL character") }} if { method GET HEAD } { query -m sub -i %00 }
    http-request {{ include "privreg.gateway.answer" (list 400 "UNAUTHORIZED" "more than one Authorization header") }} if two_credentials

    # The credential is what Basic encodes, so that there is one spelling of it. An empty user is none.
    acl basic req.fhdr(authorization) -m reg -i '^Basic [A-Za-z0-9+/]{1,1024}={0,2}$'
    http-request set-var(txn.credential) req.fhdr(authorization),word(2," "),b64dec if basic
    http-request set-var(txn.user) var(txn.credential),field(1,:) if { var(txn.credential) -m found }
    http-request {{ include "privreg.gateway.answer" (list 401 "UNAUTHORIZED" "authentication required") }} hdr WWW-Authenticate {{ include "privreg.gateway.challenge" . }} if !{ var(txn.user),length gt 0 }
    http-request set-var(txn.key) var(txn.credential),sha2(256)
    http-request set-var(txn.verdict) str(good) if { var(txn.key),in_table(verified) -m bool }
    acl authenticated var(txn.verdict) -m str good
    acl wrong var(txn.verdict) -m str wrong
    acl known_wrong var(txn.verdict) -m str known_wrong
    acl locked var(txn.verdict) -m str locked
    acl busy var(txn.verdict) -m str busy

    http-request set-var(txn.network) src,ipmask(32,64),sha1 if !authenticated
    http-request set-var(txn.login) src,ipmask(32,64),concat(" ",txn.user),sha1 if !authenticated
    http-request set-var(txn.has_previous) bool(true) if !authenticated { var(txn.user) -m str -f previous.lst }
    http-request lua.authenticate {{ $gateway.failedLoginsPerMinute }} {{ mul 10 $gateway.failedLoginsPerMinute }} {{ $gateway.failedLoginsPerSecond }} {{ $waiting }} if !authenticated
    http-request track-sc0 var(txn.key) table verified if { var(txn.login) -m found } authenticated
    http-request track-sc1 var(txn.key) table proven if { var(txn.login) -m found } authenticated
    http-request track-sc2 var(txn.login) table logins if { var(txn.login) -m found } authenticated
    http-request track-sc0 var(txn.login) table failed_logins if wrong
    http-request track-sc1 var(txn.network) table failed_sources if wrong
    http-request track-sc2 str(all) table failed_in_all if wrong
    http-request track-sc3 var(txn.key) table rejected if wrong
    http-request sc-inc-gpc0(0) if wrong
    http-request sc-inc-gpc0(1) if wrong
    http-request sc-inc-gpc0(2) if wrong
    http-request {{ include "privreg.gateway.answer" (list 401 "UNAUTHORIZED" "user name or password is wrong") }} hdr WWW-Authenticate {{ include "privreg.gateway.challenge" . }} if wrong or known_wrong
    http-request {{ include "privreg.gateway.answer" (list 429 "TOOMANYREQUESTS" "too many failed logins of this user or from this address") }} hdr Retry-After 60 if locked
    http-request {{ include "privreg.gateway.answer" (list 503 "UNAVAILABLE" "passwords cannot be verified now") }} hdr Retry-After 5 if !authenticated !busy { nbsrv(verifier) eq 0 }
    http-request {{ include "privreg.gateway.answer" (list 429 "TOOMANYREQUESTS" "too many logins at once") }} hdr Retry-After 1 if !authenticated

    # A client that is known may pause: 2 minutes amid a download, during which others wait for its place, else 10.
    http-request set-timeout client 2m if { method GET }
    http-request set-timeout client 10m if !{ method GET }
    default_backend registry

# Authorization runs on every request; only authentication is cached.
backend registry
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
    http-request {{ include "privreg.gateway.answer" (list 403 "DENIED" "this user may not delete") }} if deletes !upload !may_delete
    http-request {{ include "privreg.gateway.answer" (list 403 "DENIED" "this user may not push") }} if changes !may_push or upload !may_push
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

    # The registry holds memory for each answer that it sends, so only so many are sent at the same time, and half of
    # them to one user at one address. A manifest, of up to 4 MiB, takes twice its size. What is small waits for no slow
    # reader.
    acl download method GET
    acl of_content path -m reg '/(blobs|manifests)/[^/]+$'
    acl of_manifest path -m reg '/manifests/[^/]+$'
    acl asks method HEAD
    http-request set-var(txn.reader) src,ipmask(32,64),concat(" ",txn.user),sha1 if download of_content
    acl share_is_used var(txn.reader),table_conn_cur(downloads) ge {{ max 1 (div $gateway.maxDownloads 2) }}
    acl all_is_used srv_conn(registry/downloads) ge {{ $gateway.maxDownloads }}
    acl all_manifests_are_read srv_conn(registry/manifests) ge 6
    acl small var(txn.verdict) -m str small
    http-request lua.await_place {{ max 1 (div $gateway.maxDownloads 2) }} if download of_content share_is_used or download of_content !of_manifest all_is_used or download of_manifest all_manifests_are_read
    http-request {{ include "privreg.gateway.answer" (list 429 "TOOMANYREQUESTS" "too many downloads of this user at once") }} hdr Retry-After 10 if { var(txn.verdict) -m str busy }
    http-request track-sc4 var(txn.reader) table downloads if download of_content !small

    http-response set-header Privreg-Configuration %[var(proc.configuration)] if { var(txn.path) -m str /v2/ }
    http-reuse always
    timeout queue 5m
    use-server small if small or of_manifest asks
    use-server manifests if download of_manifest
    use-server downloads if download of_content
    server registry "unix@${RUN}/registry.sock"
    server downloads "unix@${RUN}/registry.sock" weight 0 maxconn {{ $gateway.maxDownloads }}
    server manifests "unix@${RUN}/registry.sock" weight 0 maxconn 6
    server small "unix@${RUN}/registry.sock" weight 0 maxconn 10

# Passwords are compared by the verifier, one at a time; those of users who are known to be right go first.
frontend passwords
    bind "unix@${RUN}/passwords.sock" mode 600
    maxconn {{ add $waiting 50 }}
    option httpclose
    http-request set-priority-class req.hdr(privreg-priority)
    http-request del-header privreg-priority
    timeout client 60s
    default_backend verifier

backend verifier
    timeout queue 30s
    timeout server 60s
    option httpchk GET /
    http-reuse never
    server verifier "unix@${RUN}/verifier.sock" maxconn 1 check inter 1s rise 1 fall 3

# For Prometheus and the kubelet; the Service does not have this port.
frontend metrics
    bind :{{ .Values.metrics.port }}
    .if defined(IPV6)
    bind :::{{ .Values.metrics.port }} v6only
    .endif
    maxconn 50
    acl readable method GET HEAD
    http-request return status 405 if !readable
    http-request return status 200 content-type text/plain string ok if { path /healthz/gateway }
    http-request use-service prometheus-exporter if { path /metrics }
    http-request return status 404 if !{ path /healthz/registry /healthz/verifier /registry/metrics }
    # A Pod is ready once its gateway knows that the verifier answers.
    http-request return status 503 if { path /healthz/verifier } { nbsrv(verifier) eq 0 }
    use_backend verifier_health if { path /healthz/verifier }
    use_backend registry_health if { path /healthz/registry }
    default_backend registry_metrics

backend registry_health
    http-request set-path /
    http-request del-header Authorization
    http-reuse never
    server registry "unix@${RUN}/registry.sock"

backend verifier_health
    http-request set-path /
    http-reuse never
    server verifier "unix@${RUN}/verifier.sock"

backend registry_metrics
    http-request set-path /metrics
    http-reuse never
    server registry 127.0.0.1:5001
{{- end }}

{{/* What HAProxy itself answers: by status, the OCI error code and the reason. */}}
{{- define "privreg.gateway.errors" -}}
"400": {code: UNSUPPORTED, message: the request is not understood}
"401": {code: UNAUTHORIZED, message: authentication required}
"403": {code: DENIED, message: the request is denied}
"404": {code: NAME_UNKNOWN, message: there is nothing at this path}
"405": {code: UNSUPPORTED, message: this method is not allowed}
"408": {code: UNAVAILABLE, message: the request did not arrive in time}
"410": {code: UNSUPPORTED, message: there is nothing at this path}
"413": {code: SIZE_INVALID, message: the request is too large}
"414": {code: UNSUPPORTED, message: the path is too long}
"422": {code: UNSUPPORTED, message: the transfer encoding is not supported}
"425": {code: UNAVAILABLE, message: the request came too early}
"429": {code: TOOMANYREQUESTS, message: too many requests, retryAfter: 10}
"431": {code: UNSUPPORTED, message: the headers are too large}
"500": {code: UNAVAILABLE, message: the gateway failed}
"501": {code: UNSUPPORTED, message: this is not implemented}
"502": {code: UNAVAILABLE, message: the registry failed}
"503": {code: UNAVAILABLE, message: the registry does not answer, retryAfter: 5}
"504": {code: UNAVAILABLE, message: the registry does not answer in time}
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
