"""The errors that a person can cause, and the exit code of each.

PrivregError                 exit 1: a problem was found; one line says what, where, and what to do
├── UsageError               exit 2: the command line asks for something that makes no sense
│   ├── CredentialError      a user name or a password that cannot be used
│   └── HostError            a host name that clients could not use (with the corrected spelling)
├── FileError                a file cannot be read, written or edited as asked
│   └── SyntaxProblem        a file is not YAML that Helm would accept (line and column)
├── ConflictError            what is asked for disagrees with what the files already say
├── RegistryError            the registry, or the way to it, does not do what it should
├── HelmError                helm is missing, or refused what it was given
└── ClusterError             kubectl is missing, no cluster answers, or it refused what it was given
    └── ForbiddenError       the user may not do or see that in the cluster
"""

from __future__ import annotations


class PrivregError(Exception):
    """A problem that a person can mend.

    Args:
        message: One line: what is wrong and where. Never a secret.
        remedy: What to do about it, as one sentence without a capital; empty when the message says it.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class UsageError(PrivregError):
    """The command line asks for something that makes no sense."""

    exit_code = 2


class FileError(PrivregError):
    """A file cannot be read, written or edited as asked."""


class SyntaxProblem(FileError):
    """A file is not YAML that Helm would accept.

    Args:
        file: The file's name as the user gave it.
        line: Line of the fault, counted from 1.
        column: Column of the fault, counted from 1.
        message: What is wrong there.
        remedy: What to do about it.
    """

    def __init__(self, file: str, line: int, column: int, message: str, remedy: str = "") -> None:
        super().__init__(f"{file}:{line}:{column}: {message}", remedy)
        self.file, self.line, self.column = file, line, column
        self.problem = message


class CredentialError(UsageError):
    """A user name or a password that cannot be used."""


class HostError(UsageError):
    """A host name that clients could not use."""


class ConflictError(PrivregError):
    """What is asked for disagrees with what the files already say; nothing was changed.

    Args:
        conflicts: One line for each disagreement.
    """

    def __init__(self, conflicts: list[str]) -> None:
        super().__init__("\n".join(conflicts))
        self.conflicts = conflicts


class RegistryError(PrivregError):
    """The registry, or the way to it, does not do what it should."""


class HelmError(PrivregError):
    """Helm is missing, or refused what it was given."""


class ClusterError(PrivregError):
    """There is no kubectl, no cluster answers, or it refused what it was given."""


class ForbiddenError(ClusterError):
    """The user may not do or see that in the cluster."""
