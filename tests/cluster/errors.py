"""What can go wrong while the cluster is set up.

ClusterError
    Something a person can act on; its text says what and where.
StepFailed(ClusterError)
    A step ended badly; carries the step's title and the path of its log.
"""

from pathlib import Path

TAIL_LINES = 15


class ClusterError(Exception):
    """What is wrong, where, and what to do, in one or two sentences."""


class StepFailed(ClusterError):
    """A step that failed, with the end of its log.

    Args:
        title: the step's name, as it was announced.
        log: the file that holds all of its output.
        reason: one line on how it ended.
    """

    def __init__(self, title: str, log: Path, reason: str) -> None:
        self.title = title
        self.log = log
        lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:] if log.exists() else []
        shown = "\n".join(f"    {line}" for line in lines)
        super().__init__(f"{title}: {reason}\n{shown}\n  The whole log: {log}")
