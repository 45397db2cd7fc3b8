"""Says what the files do and how to take them back, and packs them into a script."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator

from privreg_values.node_config.plan import MARK, Plan, Wish

_WIDTH = 100
_END = "END_OF_FILE"

_SCRIPT = """\
set -eu

files() { # COMMAND: runs it with path, mode and content of each file
__CALLS__
}

refused=0

look() { # a file that somebody else wrote is not replaced
  if [ -e "$1" ] && ! is_ours "$1" "$3"; then
    echo "$1: is there already and is not ours; nothing was changed. It would hold:" >&2
    [ "$2" = 0600 ] || "$3" >&2
    refused=1
  fi
}

is_ours() { # PATH CONTENT; JSON has no comments, so that those files are ours by their name
  case ${1##*/} in privreg-*) return 0 ;; esac
  "$2" | cmp -s - "$1" || head -n 1 "$1" | grep -qF '__MARK__'
}

put() { # whole or not at all
  mkdir -p "${1%/*}"
  (umask 077 && "$3" >"$1.privreg")
  chmod "$2" "$1.privreg"
  mv "$1.privreg" "$1"
  echo "wrote $1"
}

take_back() {
  if [ -e "$1" ] && is_ours "$1" "$3"; then
    rm "$1"
    echo "removed $1"
    rmdir "${1%/*}" 2>/dev/null || true
  fi
}

__CHECK__case ${1:-install} in
install)
  files look
  [ "$refused" = 0 ] || exit 1
  files put
__IS_READ__  ;;
undo)
  files take_back
  ;;
*)
  echo "usage: sh $0 [install|undo]" >&2
  exit 2
  ;;
esac
echo 'then: __ACTIVATE__'
"""


def readme(plan: Plan, wish: Wish) -> str:
    """Give the text that lies beside the files."""
    steps = [
        f"Install: copy the files to the same paths on each node, as root; then: {_activate(plan)}",
        f"Undo: remove them again; then: {_activate(plan)}",
    ]
    return "\n".join([*_about(plan, wish), "", *_wrapped(steps)]) + "\n"


def script(plan: Plan, wish: Wish) -> str:
    """Give one shell script that writes the files, or takes them back."""
    steps = [
        "Install: run it as root on each node: sh node-config.sh",
        "Undo: sh node-config.sh undo",
    ]
    head = [f"# {line}".rstrip() for line in [*_about(plan, wish), "", *_wrapped(steps)]]
    contents = []
    for number, file in enumerate(plan.files, 1):
        contents.append(f"content_{number}() {{\n  cat <<'{_END}'\n{file.content}{_END}\n}}\n")
    calls = [f'  "$1" {it.path} {it.mode:04o} content_{number}' for number, it in enumerate(plan.files, 1)]
    body = _SCRIPT.replace("__CALLS__", "\n".join(calls)).replace("__MARK__", MARK)
    body = body.replace("__ACTIVATE__", _activate(plan))
    body = body.replace("__CHECK__", f"{plan.check}\n" if plan.check else "")
    body = body.replace("__IS_READ__", "  is_read || exit 1\n" if plan.check else "")
    return "\n".join(["#!/bin/sh", *head, "", *contents, body])


def lines(plan: Plan, folder: str) -> Iterator[str]:
    """Say what was written into a folder."""
    for file in plan.files:
        yield f"wrote {folder}{file.path}: {file.purpose}"
    yield f"wrote {folder}/README.txt: what they do, how to install and how to undo them"


def as_json(plan: Plan, folder: str) -> str:
    """Give the same as one JSON document."""
    files = [{"path": it.path, "mode": f"{it.mode:04o}", "purpose": it.purpose} for it in plan.files]
    return json.dumps(
        {"runtime": plan.runtime, "folder": folder, "files": files, "activate": plan.activate, "notes": plan.notes},
        indent=2,
    )


def _about(plan: Plan, wish: Wish) -> Iterator[str]:
    yield f"{MARK}: {plan.runtime} and {wish.host}."
    yield ""
    for file in plan.files:
        yield file.path
        yield f"  {file.purpose}"
    if plan.notes:
        yield ""
    yield from _wrapped(f"Note: {note}." for note in plan.notes)


def _activate(plan: Plan) -> str:
    return plan.activate or "nothing; the next pull reads them"


def _wrapped(paragraphs: Iterator[str] | list[str]) -> Iterator[str]:
    for paragraph in paragraphs:
        yield from textwrap.wrap(
            paragraph, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
