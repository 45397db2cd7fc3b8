"""containerd: a folder for each registry, with hosts.toml and certificates.

Source: docs/hosts.md of containerd. Paths in hosts.toml are relative to it. What lies in _default is for the
registries that have no folder. Changes are read at the next pull.

Each file has a [host] table, also where `server` would do: containerd 1.6 takes no file without one ("invalid `host`
tree" in its log), and goes on as if there was none. `server` is asked once more after the hosts, with the keys at the
top only: so the certificates are named there as well.
"""

from __future__ import annotations

from privreg_values.node_config.plan import REFUSED, Login, NodeFile, Plan, Wish, address, listed, marked

_CA = "ca.crt"

# Source of the tables: docs/cri/registry.md of containerd. What runs is asked first: it has read `imports` too, and has
# moved the tables of an older version; the file is read where the program is not at hand.
_CHECK = r"""config=${CONTAINERD_CONFIG:-/etc/containerd/config.toml}

is_read() { # containerd reads the folder only if its configuration names it
  settings=$(containerd --config "$config" config dump 2>/dev/null || cat "$config" 2>/dev/null || true)
  folders=$(printf '%s\n' "$settings" | awk '
    { sub(/#.*/, "") }
    /^[ \t]*\[/ { here = /cri(\.v1\.images)?[\042\047]?\.registry\]/ }
    here && sub(/^[ \t]*config_path[ \t]*=[ \t]*/, "") { gsub(/[\042\047 \t]/, ""); print; exit }')
  case ":$folders:" in *":__FOLDER__:"*) return 0 ;; esac
  echo "$config: ${folders:+config_path is $folders: }containerd does not read __FOLDER__." >&2
  echo "Set in $config:" >&2
  echo >&2
  version=$(version_of "$(cat "$config" 2>/dev/null)")
  if [ ! -s "$config" ]; then
    version=$(version_of "$settings")
    echo "  version = ${version:=2}" >&2
  fi
  case ${version:-1} in
  1) echo '  [plugins.cri.registry]' >&2 ;;
  2) echo '  [plugins."io.containerd.grpc.v1.cri".registry]' >&2 ;;
  *) echo '  [plugins."io.containerd.cri.v1.images".registry]' >&2 ;;
  esac
  echo '    config_path = "__FOLDER__"' >&2
  echo >&2
  echo "then: systemctl restart containerd, and run this again (CONTAINERD_CONFIG=FILE if it has another file)." >&2
  return 1
}

version_of() { # TOML
  printf '%s\n' "$1" | sed -n 's/^version *= *\([0-9]*\).*/\1/p' | head -n 1
}
"""


def plan(wish: Wish) -> Plan:
    """Give the files."""
    ours = f"https://{wish.host}"
    trust = " with the certificates beside it" if wish.ca else ""
    files = [_hosts(wish, wish.host, ours, ours, f"pulls from {wish.host}{trust}", ca=_CA)]
    if wish.ca:
        purpose = f"the certificates that {wish.host} is trusted by"
        files.append(NodeFile(f"{wish.config_path}/{wish.host}/{_CA}", marked(wish.ca), purpose))
    for name in wish.mirrors:
        then = "" if wish.refuse else f", then in {name}"
        purpose = f"looks for the images of {name} in {wish.host}{then}"
        server = REFUSED if wish.refuse else address(name)
        files.append(_hosts(wish, name, server, ours, purpose, ca=f"../{wish.host}/{_CA}", login=wish.login))
    if wish.refuse:
        for name in wish.allowed:
            files.append(_hosts(wish, name, address(name), address(name), f"pulls from {name} as before"))
        files.append(_hosts(wish, "_default", REFUSED, REFUSED, "refuses every registry that has no folder here"))
    return Plan("containerd", files, "", _notes(wish), _CHECK.replace("__FOLDER__", wish.config_path))


def _hosts(
    wish: Wish, registry: str, server: str, host: str, purpose: str, *, ca: str = "", login: Login | None = None
) -> NodeFile:
    """Give the hosts.toml of a registry: `host` is asked first, `server` after it."""
    table = f'host."{host}"'
    trust = [f'ca = "{ca}"'] if ca and wish.ca else []
    lines = [f'server = "{server}"', *(trust if server == host else []), ""]
    lines += [f"[{table}]", 'capabilities = ["pull", "resolve"]', *trust]
    if login:
        lines += ["", f"[{table}.header]", f'authorization = "Basic {login.basic}"']
    content = marked("\n".join(lines) + "\n")
    return NodeFile(f"{wish.config_path}/{registry}/hosts.toml", content, purpose, secret=login is not None)


def _notes(wish: Wish) -> list[str]:
    notes = [
        f'containerd must look here: config_path = "{wish.config_path}" in /etc/containerd/config.toml, in the table '
        '[plugins."io.containerd.cri.v1.images".registry] of containerd 2, '
        '[plugins."io.containerd.grpc.v1.cri".registry] of containerd 1; after a change there: systemctl restart '
        "containerd. By default it is not set; the script that --script prints looks, and fails if it is not",
    ]
    if wish.refuse:
        kept = listed([wish.host, *wish.allowed])
        notes.append(
            f"new pulls come from {kept} only: the sandbox image and those of kube-system too, unless they are on "
            "the node already (--allow registry.k8s.io keeps theirs)"
        )
    return notes
