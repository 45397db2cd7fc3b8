#!/bin/sh
# Runs HAProxy, and reloads it when its configuration, the users or the certificate have changed.
#
#   gateway.sh CONFIG AUTH TLS RUN
#
# CONFIG: the folder with haproxy.cfg and its lists; AUTH: the folder with htpasswd; TLS: the folder with
# tls.crt and tls.key, or "" for plain http; RUN: a folder in memory for sockets and the active files.
#
# What changed is put together in RUN/next and checked there. If it is good it becomes RUN/active, and HAProxy
# changes over without losing a request. If it is bad the old one stays, and the log, the metric
# haproxy_server_status{proxy="configuration"} and the header Privreg-Configuration of /v2/ say so.
set -eu
umask 077

CONFIG=$1 AUTH=$2 TLS=$3
RUN=$4
export RUN
INTERVAL=${INTERVAL:-2} # seconds between two looks
# Where the Pod has an address of IPv6, the gateway listens there too.
if read -r _ 2>/dev/null </proc/net/if_inet6; then export IPV6=1; fi

# One line of JSON; the text may have any characters.
say() {
    text=$(echo "$1" | tr '\n"' " '" | tr -cd '\40-\133\135-\176' | cut -c1-2000)
    printf '{"time":"%s","gateway":"%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$text"
}

# What is mounted now, in one word.
fingerprint() {
    cat "$CONFIG"/* "$AUTH"/htpasswd ${TLS:+"$TLS"/tls.crt "$TLS"/tls.key} 2>/dev/null | sha256sum
}

# An htpasswd file as HAProxy's userlists: `users`, and `previous` for the passwords before theirs, which are in
# comments "#previous:NAME:HASH:UNTIL". A line that is neither and no user with a bcrypt hash is an error.
users() {
    awk -F: '
        function refuse(what) {
            printf "line %d of htpasswd%s\n", NR, what > "/dev/stderr"
            bad = 1
            exit 1
        }
        function is_user(name, hash) {
            return name ~ /^[A-Za-z0-9][A-Za-z0-9._@-]*$/ && hash ~ /^[$]2[aby][$](0[4-9]|1[0-4])[$][.\/A-Za-z0-9]*$/ && length(hash) == 60
        }
        { sub(/\r$/, "") }
        /^#previous:/ {
            if (!is_user($2, $3)) refuse(" is no user with a bcrypt hash of cost 4 to 14 (htpasswd -B makes them)")
            if ($2 in previous) refuse(": the user " $2 " has a previous password twice")
            previous[$2] = "    user " $2 " password " $3
            line[$2] = NR
            next
        }
        /^[ \t]*(#|$)/ { next }
        { split($2, words, /[ \t]+/) }
        !is_user($1, words[1]) { refuse(" is no user with a bcrypt hash of cost 4 to 14 (htpasswd -B makes them)") }
        seen[$1]++ { refuse(": the user " $1 " is there twice") }
        { print "    user " $1 " password " words[1] }
        BEGIN { print "userlist users" }
        END {
            if (bad) exit 1
            print "userlist previous"
            for (name in previous) {
                NR = line[name]
                if (!(name in seen)) refuse(": " name " has a previous password and is no user")
                print previous[name]
            }
        }
    ' "$1"
}

# The first file that HAProxy reads: it tells the last one which configuration the reading began with.
begin() { printf 'global\n    setenv BEGUN_WITH %s\n' "$generation"; }

# The last one, with the state that haproxy_server_status and the header of /v2/ show, current or refused, and a socket
# that is there as soon as HAProxy has read a configuration; its name tells whether that was one and the same from the
# first file to the last.
state() {
    printf 'global\n    set-var proc.configuration str(%s)\n' "$1"
    # shellcheck disable=SC2016 # HAProxy puts in what the first file has set
    printf '    stats socket "%s/read-${BEGUN_WITH}-%s" mode 600 level user\n\n' "$RUN" "$generation"
    printf '# A server that is never used: it is in maintenance when a new configuration was refused.\n'
    printf 'backend configuration\n    server current 127.0.0.1:1%s\n' "$([ "$1" = current ] || echo ' disabled')"
}

is_read() { [ -S "$RUN/read-$generation-$generation" ]; }

# The users without their hashes. HAProxy computes each hash when it reads it, a fifth of a second at cost 12: while
# nobody is served yet the check does without, so that each is computed once before the gateway answers.
names() { awk '$1 == "user" { print "    user " $2; next } { print }' "$1"; }

# Put together what is mounted, in RUN/next; prints why and fails when it is not good.
prepare() { # USERS that the check reads: users.cfg or names.cfg
    next=$RUN/next
    rm -rf "$next" && mkdir "$next" && cp -L "$CONFIG"/* "$next/" &&
        { [ -z "$TLS" ] || cp -L "$TLS/tls.crt" "$TLS/tls.key" "$next/"; } &&
        users "$AUTH/htpasswd" >"$next/users.cfg" &&
        names "$next/users.cfg" >"$next/names.cfg" &&
        begin >"$next/begin.cfg" &&
        state current >"$next/state.cfg" &&
        (cd "$next" && haproxy -c -f begin.cfg -f haproxy.cfg -f "$1" -f state.cfg)
}

# Names with a role that no user has, and users without a role: allowed nothing, and said.
report_mismatches() {
    awk '
        FNR == 1 { file++ }
        file == 1 && $1 == "user" { user[$2] = 1 } # of both lists: who has a previous password is a user
        file == 2 && NF == 2 { role[$1] = 1 }
        END {
            for (name in user) if (!(name in role)) print "user " name " has no role and may do nothing: give it one in auth.access"
            for (name in role) if (!(name in user)) print "auth.access names " name ", who is not among the users"
        }
    ' "$RUN/active/users.cfg" "$RUN/active/roles.map" | while read -r line; do say "$line"; done
}

activate() {
    rm -rf "$RUN/old"
    if [ -d "$RUN/active" ]; then mv "$RUN/active" "$RUN/old"; fi
    mv "$RUN/next" "$RUN/active"
    rm -rf "$RUN/old"
    report_mismatches
}

# Let HAProxy read what is active. A signal is lost when it comes while HAProxy still obeys an earlier one, so it is
# sent again until the configuration was read. That takes about as long as the check: HAProxy computes each hash once.
change_over() { # SECONDS of the check
    patience=$((20 * $1 + 20)) # tenths of a second
    tries=0
    while ! is_read; do
        [ -z "$ending" ] && [ "$tries" -lt $((5 * patience)) ] || return 1
        [ $((tries % patience)) != 0 ] || kill -USR2 "$haproxy" || return 1
        tries=$((tries + 1))
        sleep 0.1
    done
}

reload() {
    rm -f "$RUN"/read-*
    generation=$((generation + 1))
    began=$(date +%s)
    if reason=$(prepare users.cfg 2>&1); then
        activate
        said="the changed configuration is active"
    else
        begin >"$RUN/active/begin.cfg"
        state refused >"$RUN/active/state.cfg"
        said="the changed configuration is REFUSED, the old one stays: $reason"
    fi
    if change_over $(($(date +%s) - began)); then
        say "$said"
    else
        say "HAProxy has not read what changed, which is tried again"
        seen=
    fi
}

generation=1
ending=
haproxy=
# Let requests end before the process does; the kubelet sets the limit. As the first process of its container a shell
# ends by no signal that it does not expect.
trap 'ending=1; [ -z "$haproxy" ] || kill -USR1 "$haproxy"' TERM INT
rm -rf "$RUN/active" "$RUN/next" "$RUN"/read-*
seen=$(fingerprint)
if ! reason=$(prepare names.cfg 2>&1); then
    say "the configuration is not good: $reason"
    exit 1
fi
activate
cd "$RUN"
[ -z "$ending" ] || exit 143
haproxy -W -f active/begin.cfg -f active/haproxy.cfg -f active/users.cfg -f active/state.cfg &
haproxy=$!
[ -z "$ending" ] || kill -USR1 "$haproxy"

# Before that, the signal to reload would end it.
while ! is_read && kill -0 "$haproxy" 2>/dev/null; do sleep 0.1; done
while kill -0 "$haproxy" 2>/dev/null; do
    sleep "$INTERVAL" &
    wait $! || true
    now=$(fingerprint)
    if [ "$now" != "$seen" ] && [ -z "$ending" ]; then
        seen=$now
        reload
    fi
done
wait "$haproxy"
