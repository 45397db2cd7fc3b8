"""Reads htpasswd text.

One `name:hash` a line, as golang.org/x/crypto/bcrypt and Apache's htpasswd write it; lines that are empty or begin
with # say nothing (distribution, registry/auth/htpasswd/htpasswd.go). People append `# comment` to a line as well.
"""

from __future__ import annotations

from privreg_values.migrate.found import Found
from privreg_values.migrate.sources.objects import line_of
from privreg_values.values.nodes import Node


def read(node: Node, found: Found) -> None:
    """Take the users of a text over.

    Args:
        node: The text.
        found: Where they go.
    """
    for number, line in enumerate(str(node.value).splitlines()):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        name, colon, hashed = entry.partition(":")
        if colon:
            found.add_user(name.strip(), hashed.strip(), line_of(node, number))
        else:
            found.lose(line_of(node, number), "a line without a colon in the htpasswd text", "nothing to do")
