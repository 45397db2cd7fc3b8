"""`privreg-values users`."""

from __future__ import annotations

from typing import Annotated

import typer

from privreg_values.users.roles import Role

app = typer.Typer(
    help="Add, list, change and remove users in a values file.",
    epilog="Example: privreg-values users add jane --role push",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The user.")]
Values = Annotated[str, typer.Option("--values", "-f", metavar="FILE", help="The values file.")]
Credentials = Annotated[str, typer.Option(metavar="FILE", help="The file with the passwords.")]
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


@app.command("add")
def add(
    *,
    name: Name,
    role: Annotated[Role, typer.Option(help="What the user may do.")],
    repository: Repositories = None,
    password_stdin: PasswordStdin = False,
    ask_password: AskPassword = False,
    values: Values = "values.yaml",
    credentials: Credentials = "credentials.yaml",
) -> None:
    """Add a user; without a given password, make one.

    The password goes into the credentials file and is never shown, its hash into the values file.
    It counts after the next `helm upgrade`, a few seconds later.

    \b
    Examples:
      privreg-values users add jane --role push
      privreg-values users add team-a-ci --role push \\
          --repository 'team-a/**' --repository base/nginx
      privreg-values users add jane --role admin --password-stdin < password
    """
    from privreg_values.commands import users  # noqa: PLC0415 - only when it runs

    users.add(
        users.Files(values, credentials), name, role, repository or [], password_stdin=password_stdin, ask=ask_password
    )


@app.command("list")
def list_users(
    *,
    values: Values = "values.yaml",
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """List the users, their roles and repositories, the cost of their hashes, and who the cluster pulls with.

    \b
    Examples:
      privreg-values users list
      privreg-values users list -f values.yaml --json
    """
    from privreg_values.commands import users  # noqa: PLC0415 - only when it runs

    users.show(values, as_json=as_json)


@app.command("role")
def role(
    *,
    name: Name,
    role: Annotated[Role, typer.Argument(help="What the user may do.")],
    repository: Repositories = None,
    all_repositories: Annotated[
        bool, typer.Option("--all-repositories", help="The role is for all repositories from now on.")
    ] = False,
    values: Values = "values.yaml",
    credentials: Credentials = "credentials.yaml",
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

    users.role(users.Files(values, credentials), name, role, repository or [], everywhere=all_repositories)


@app.command("remove")
def remove(
    *,
    name: Name,
    force: Annotated[
        bool, typer.Option("--force", help="Also the user that the cluster pulls with, and the pull credential.")
    ] = False,
    values: Values = "values.yaml",
    credentials: Credentials = "credentials.yaml",
) -> None:
    """Remove a user from the values file, and the password from the credentials file.

    \b
    Examples:
      privreg-values users remove jane
      privreg-values users remove cluster --force
    """
    from privreg_values.commands import users  # noqa: PLC0415 - only when it runs

    users.remove(users.Files(values, credentials), name, force=force)


@app.command("rotate")
def rotate(
    *,
    name: Name,
    password_stdin: PasswordStdin = False,
    ask_password: AskPassword = False,
    values: Values = "values.yaml",
    credentials: Credentials = "credentials.yaml",
) -> None:
    """Give a user a new password; the pull credential follows if it is this user's.

    \b
    Examples:
      privreg-values users rotate ci
      privreg-values users rotate jane --ask-password
    """
    from privreg_values.commands import users  # noqa: PLC0415 - only when it runs

    users.rotate(users.Files(values, credentials), name, password_stdin=password_stdin, ask=ask_password)
