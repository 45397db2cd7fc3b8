"""What several commands say when something may have been forgotten."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from privreg_values import messages
from privreg_values.shapes import layout


def name_the_secrets(files: Sequence[str]) -> None:
    """Say that the file with the secrets of a values file lies beside it, where it was not named."""
    both = layout.with_secrets(files)
    if both != list(files):
        messages.note(f"{both[-1]} lies beside {both[0]} and was not read; name both: {shlex.join(both)}")
