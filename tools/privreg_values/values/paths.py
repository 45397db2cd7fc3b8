"""How the place of a value is written: auth.users[0].name."""

from __future__ import annotations

import re

from privreg_values.values.nodes import Path


def render(path: Path) -> str:
    """Write a path as people do; keys with dots or slashes in them are quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[A-Za-z0-9_-]+", step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text
