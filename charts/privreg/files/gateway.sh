#!/bin/sh
# Runs HAProxy, and reloads it when its configuration, the users or the certificate have changed.
#
#   gateway.sh CONFIG AUTH TLS RUN
#   gateway.sh --users AUTH RUN
#
# CONFIG: the folder with haproxy.cfg and its lists; AUTH: the folder with htpasswd; TLS: the folder with
# tls.crt and tls.key, or "" for plain http; RUN: a folder in memory for sockets and the active files.
# With --users it writes RUN/htpasswd, which the verifier reads, and ends: an init container.
#
# What changed is put together in RUN/next and checked there. If it is good it becomes RUN/active, and HAProxy
# changes over without losing a request. If it is bad the old one stays, and the log, the metric
# haproxy_server_status{proxy="configuration"} and the header Privreg-Configuration of /v2/ say so.
set -eu
umask 077

# One line of JSON; the text may have any characters.
say() {
    text=$(echo "$1" | tr '\n"' " '" | tr -cd '\40-\133\135-\176' | cut -c1-2000)
    printf '{"time":"%s","gateway":"%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$text"
}

# An htpasswd file as the verifier reads it: one line a user. The previous password of a user, in a comment
# "#previous:NAME:HASH:UNTIL", becomes the user NAME+previous; no name has a + of its own. A line that is neither and
# no user with a bcrypt hash is an error.
users() { # FILE
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
            previous[$2] = $2 "+previous:" $3
            line[$2] = NR
            next
        }
        /^[ \t]*(#|$)/ { next }
        { split($2, words, /[ \t]+/) }
        !is_user($1, words[1]) { refuse(" is no user with a bcrypt hash of cost 4 to 14 (htpasswd -B makes them)") }
        seen[$1]++ { refuse(": the user " $1 " is there twice") }
        { print $1 ":" words[1] }
        END {
            if (bad) exit 1
            for (name in previous) {
                NR = line[name]
                if (!(name in seen)) refuse(": " name " has a previous password and is no user")
                print previous[name]
            }
        }
    ' "$1"
}

# The verifier reads its file again when its date has changed.
let_the_verifier_read() { cp "$1" "$RUN/htpasswd.next" && mv "$RUN/htpasswd.next" "$RUN/htpasswd"; }

if [ "$1" = --users ]; then
    RUN=$3
    if ! reason=$(users "$2/htpasswd" 2>&1 >"$RUN/htpasswd.first"); then
        say "the configuration is not good: $reason"
        exit 1
    fi
    let_the_verifier_read "$RUN/htpasswd.first"
    rm "$RUN/htpasswd.first"
    exit 0
fi

CONFIG=$1 AUTH=$2 TLS=$3
RUN=$4
export RUN
INTERVAL=${INTERVAL:-2} # seconds between two looks
# Where the Pod has an address of IPv6, the gateway listens there too.
if read -r _ 2>/dev/null </proc/net/if_inet6; then export IPV6=1; fi

# What is mounted now, in one word.
fingerprint() {
    cat "$CONFIG"/* "$AUTH"/htpasswd ${TLS:+"$TLS"/tls.crt "$TLS"/tls.key} 2>/dev/null | sha256sum
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

# Put together what is mounted, in RUN/next; prints why and fails when it is not good.
prepare() {
    next=$RUN/next
    rm -rf "$next" && mkdir "$next" && cp -L "$CONFIG"/* "$next/" &&
        { [ -z "$TLS" ] || cp -L "$TLS/tls.crt" "$TLS/tls.key" "$next/"; } &&
        users "$AUTH/htpasswd" >"$next/htpasswd" &&
        sed -n 's/+previous:.*//p' "$next/htpasswd" >"$next/previous.lst" &&
        begin >"$next/begin.cfg" &&
        state current >"$next/state.cfg" &&
        (cd "$next" && haproxy -c -f begin.cfg -f haproxy.cfg -f state.cfg)
}

# Names with a role that no user has, and users without a role: allowed nothing, and said. No name needs quoting.
report_mismatches() {
    awk -v time="$(date -u +%Y-%m-%dT%H:%M:%SZ)" '
        function say(text) { printf "{\"time\":\"%s\",\"gateway\":\"%s\"}\n", time, text }
        FNR == 1 { file++ }
        file == 1 { split($0, user, ":"); if (user[1] !~ /[+]/) users[user[1]] = 1 }
        file == 2 && NF == 2 { role[$1] = 1 }
        END {
            for (name in users) if (!(name in role)) say("user " name " has no role and may do nothing: give it one in auth.access")
            for (name in role) if (!(name in users)) say("auth.access names " name ", who is not among the users")
        }
    ' "$RUN/active/htpasswd" "$RUN/active/roles.map"
}

activate() {
    rm -rf "$RUN/old"
    if [ -d "$RUN/active" ]; then mv "$RUN/active" "$RUN/old"; fi
    mv "$RUN/next" "$RUN/active"
    rm -rf "$RUN/old"
    let_the_verifier_read "$RUN/active/htpasswd"
    report_mismatches
}

# Let HAProxy read what is active. A signal is lost when it comes while HAProxy still obeys an earlier one, so it is
# sent again if the configuration has not been read after ten seconds.
change_over() {
    tries=0
    while ! is_read; do
        [ -z "$ending" ] && [ "$tries" -lt 600 ] || return 1
        [ $((tries % 100)) != 0 ] || kill -USR2 "$haproxy" || return 1
        tries=$((tries + 1))
        sleep 0.1
    done
}

reload() {
    rm -f "$RUN"/read-*
    generation=$((generation + 1))
    if reason=$(prepare 2>&1); then
        activate
        said="the changed configuration is active"
    else
        begin >"$RUN/active/begin.cfg"
        state refused >"$RUN/active/state.cfg"
        said="the changed configuration is REFUSED, the old one stays: $reason"
    fi
    if change_over; then
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
if ! reason=$(prepare 2>&1); then
    say "the configuration is not good: $reason"
    exit 1
fi
activate
cd "$RUN"
[ -z "$ending" ] || exit 143
haproxy -W -f active/begin.cfg -f active/haproxy.cfg -f active/state.cfg &
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
