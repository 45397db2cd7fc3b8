"""`privreg-values users`."""

from __future__ import annotations

from typing import Annotated

import typer

from privreg_values.cli import options
from privreg_values.cli.command import App
from privreg_values.users.roles import Role

app = App(
    help="Add, list, change and remove users in values files.",
    epilog="Example: privreg-values users add jane --role push",
)

_VALUES = ["values.yaml"]
_CREDENTIALS = "credentials.yaml"


def _names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Give the users whose names begin like that, for completion, which says nothing of what goes wrong."""
    from privreg_values.commands import users  # noqa: PLC0415 - only when it runs
    from privreg_values.errors import PrivregError  # noqa: PLC0415

    try:
        names = users.names(users.find(ctx.params.get("values") or _VALUES, _CREDENTIALS))
    except PrivregError:
        return []
    return [name for name in names if name.startswith(incomplete)]


NewName = Annotated[str, typer.Argument(metavar="NAME", help="The user.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The user.", autocompletion=_names)]
Values = Annotated[
    list[str],
    typer.Option(
        "--values",
        "-f",
        metavar="FILE",
        envvar="PRIVREG_VALUES",
        help="The values file; given again, the file or folder with its secrets. Without that: secrets.yaml or the "
        "folder secrets beside it, if there is one.",
    ),
]
Repositories = Annotated[
    list[str] | None,
    typer.Option(
        "--repository",
        metavar="PATTERN",
        help="A repository that the role is for, such as team-a/app, 'team-a/*' or 'team-a/**'; repeatable.",
    ),
]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
AskPassword = Annotated[bool, typer.Option("--ask-password", help="Ask for the password.")]
PasswordFile = Annotated[str | None, typer.Option(metavar="FILE", help="Read the password from a file.")]


@app.command("add")
def add(
    *,
    name: NewName,
    role: Annotated[Role, typer.Option(help="What the user may do.")],
    repository: Repositories = None,
    password_stdin: PasswordStdin = False,
    ask_password: AskPassword = False,
    password_file: PasswordFile = None,
    values: Values = _VALUES,
    credentials: options.Credentials = _CREDENTIALS,
    as_json: options.Json = False,
) -> None:
    """Add a user; without a given password, make one.

    The password goes into the credentials file and is never shown, its hash into the values file or to
    where its secrets are. It counts within two minutes after the next `helm upgrade`.

    \b
    Examples:
      privreg-values users add jane --role push
      privreg-values users add team-a-ci --role push \\
          --repository 'team-a/**' --repository base/nginx
      privreg-values users add jane --role admin --password-stdin < password
    """
    from privreg_values.commands import users  # noqa: PLC0415 - only when it runs

    source = users.Source(password_stdin, ask_password, password_file)
    users.add(users.find(values, credentials), name, role, repository or [], source, as_json=as_json)


@app.command("list")
def list_users(*, values: Values = _VALUES, as_json: options.Json = False) -> None:
    """List the users and their roles.

    Also their repositories, the cost of their hashes, whom the cluster pulls with, and old passwords
    that still work.

    \b
    Examples:
      privreg-values users list
      privreg-values users list -f values.yaml --json
    """
    from privreg_values.commands import users  # noqa: PLC0415 - only when it runs

    users.list_users(users.find(values, _CREDENTIALS), as_json=as_json)


@app.command("show")
def show(*, name: Name, values: Values = _VALUES, as_json: options.Json = False) -> None:
    """Show all about one user but the password.

    Role, repositories, cost of the hash, whether the cluster pulls with it, until when an old password
    works as well, and where it is written.

    \b
    Examples:
      privreg-values users show ci
      privreg-values users show ci -f values.yaml -f secrets.yaml --json
    """
    from privreg_values.commands import users  # noqa: PLC0415 - only when it runs

    users.show(users.find(values, _CREDENTIALS), name, as_json=as_json)


@app.command("role")
def role(
    *,
    name: Name,
    role: Annotated[Role, typer.Argument(help="What the user may do.")],
    repository: Repositories = None,
    all_repositories: Annotated[
        bool, typer.Option("--all-repositories", help="The role is for all repositories from now on.")
    ] = False,
    values: Values = _VALUES,
    credentials: options.Credentials = _CREDENTIALS,
    as_json: options.Json = False,
) -> None:
    """Give a user another role, or other repositories.

    Without --repository and --all-repositories the user's repositories stay as they are. Where the
    users are in a Secret (auth.existingSecret), the role is written to auth.access.

    \b
    Examples:
      privreg-values users role jane admin
      privreg-values users role jane pull --repository 'team-a/**'
      privreg-values users role jane push --all-repositories
    """
    from privreg_values.commands import users  # noqa: PLC0415 - only when it runs

    users.role(
        users.find(values, credentials), name, role, repository or [], everywhere=all_repositories, as_json=as_json
    )


@app.command("rotate")
def rotate(
    *,
    name: Name,
    keep_old: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Let the old password work as well, for 30m, 1h or 7d: until `users prune`."),
    ] = None,
    password_stdin: PasswordStdin = False,
    ask_password: AskPassword = False,
    password_file: PasswordFile = None,
    values: Values = _VALUES,
    credentials: options.Credentials = _CREDENTIALS,
    as_json: options.Json = False,
) -> None:
    """Give a user a new password.

    The pull credential follows if it is this user's.

    With --keep-old both passwords work while copies of the new one spread, in auth.mode gateway.
    `users prune` ends that: until it has run and the release is upgraded, the old password works.

    \b
    Examples:
      privreg-values users rotate ci
      privreg-values users rotate cluster --keep-old 1h
      privreg-values users rotate jane --ask-password
    """
    from privreg_values.commands import users  # noqa: PLC0415 - only when it runs

    source = users.Source(password_stdin, ask_password, password_file)
    users.rotate(users.find(values, credentials), name, source, keep_old=keep_old, as_json=as_json)


@app.command("prune")
def prune(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also those whose time is not over.")] = False,
    values: Values = _VALUES,
    credentials: options.Credentials = _CREDENTIALS,
    as_json: options.Json = False,
) -> None:
    """Take out old passwords whose time is over.

    They are those that `users rotate --keep-old` kept; one works until it is taken out and the release
    is upgraded.

    \b
    Examples:
      privreg-values users prune
      privreg-values users prune --all
    """
    from privreg_values.commands import users  # noqa: PLC0415 - only when it runs

    users.prune(users.find(values, credentials), everything=everything, as_json=as_json)


@app.command("verify")
def verify(
    *,
    name: Name,
    password_stdin: PasswordStdin = False,
    password_file: PasswordFile = None,
    values: Values = _VALUES,
    as_json: options.Json = False,
) -> None:
    """Say whether a password is a user's.

    Asks for it unless it is given. Exits with 1 if it is not the user's. An old password that still
    works is said to be one, and ends with 0.

    \b
    Examples:
      privreg-values users verify jane
      privreg-values users verify ci --password-stdin < password
    """
    from privreg_values.commands import users  # noqa: PLC0415 - only when it runs

    source = users.Source(stdin=password_stdin, file=password_file)
    users.verify(users.find(values, _CREDENTIALS), name, source, as_json=as_json)


@app.command("remove")
def remove(
    *,
    name: Name,
    force: Annotated[
        bool, typer.Option("--force", help="Also the user that the cluster pulls with, and the pull credential.")
    ] = False,
    values: Values = _VALUES,
    credentials: options.Credentials = _CREDENTIALS,
    as_json: options.Json = False,
) -> None:
    """Remove a user and the password.

    \b
    Examples:
      privreg-values users remove jane
      privreg-values users remove cluster --force
    """
    from privreg_values.commands import users  # noqa: PLC0415 - only when it runs

    users.remove(users.find(values, credentials), name, force=force, as_json=as_json)
