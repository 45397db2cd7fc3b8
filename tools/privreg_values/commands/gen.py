"""What `gen` does."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import typer

from privreg_values import gitignore, messages, report
from privreg_values.cluster import facts as cluster
from privreg_values.cluster.facts import Facts
from privreg_values.commands.dialogue import Answerer, Nobody, Person, confirm
from privreg_values.commands.passwords import given_password, given_secret_key, is_terminal
from privreg_values.errors import ClusterError, UsageError
from privreg_values.files import is_there
from privreg_values.generate import interview, proposals, wording
from privreg_values.generate.bucket import Keys
from privreg_values.generate.choices import Choices
from privreg_values.generate.gen import Request, generate
from privreg_values.generate.present import present
from privreg_values.generate.profiles import profile
from privreg_values.shapes.layout import Files
from privreg_values.terminal import style_of
from privreg_values.users.roles import Grant, parse_user


@dataclass(frozen=True)
class Sources:
    """Where the usual answers come from.

    Args:
        profile: A profile's name; None for none.
        use_cluster: Read the cluster, if one answers.
        context: The context to read; the current one when empty.
    """

    profile: str | None = None
    use_cluster: bool = True
    context: str = ""


@dataclass(frozen=True)
class SecretKey:
    """Where the secret of a bucket's key comes from, if nobody is to be asked.

    Args:
        from_stdin: From standard input.
        file: From a file.
    """

    from_stdin: bool = False
    file: str | None = None


def run(
    *,
    host: str | None,
    files: Files,
    ask: bool,
    users: Sequence[str],
    rotate: Sequence[str],
    password_stdin: bool,
    ask_password: bool,
    password_file: str | None,
    choices: Choices,
    secret_key: SecretKey,
    sources: Sources,
    as_json: bool,
) -> None:
    """Make the files or add to them, and say what came of it.

    Raises:
        PrivregError: it cannot be done; nothing was changed.
    """
    grants = _grants(users)
    if password_stdin and secret_key.from_stdin:
        raise UsageError("--password-stdin and --s3-secret-key-stdin were given together", "use a file for one of them")
    password = _password([*grants, *rotate], password_stdin, ask_password, password_file)
    request = Request(host, grants, rotate, password)
    request.check()
    there = present(files.values, files.credentials)
    if sources.profile:
        choices = choices.over(profile(sources.profile).without(there.blocks))
        if there.is_in_use:
            messages.note(f"{files.values} is in use: what it says stays, whatever the profile has")
    choices.check()
    interactive = ask and is_terminal()
    if not there.is_in_use:
        answer = Person() if interactive else Nobody()
        request = replace(request, host=host or there.host or interview.ask_host(answer))
        if request.host:
            choices = _completed(choices, there.blocks, sources, answer)
    request = replace(
        request,
        settings=choices.settings(),
        namespaces=choices.namespaces or (),
        keys=_keys(choices, secret_key, interactive),
    )
    request.check()
    outcome = generate(request, files, _confirm if interactive else None)
    notes = [*outcome.notes, *gitignore.protect(files.private)]
    if as_json:
        typer.echo(report.generation_json(outcome, files, notes))
    else:
        for line in report.generation_text(outcome, files, style_of(sys.stdout)):
            typer.echo(line)
    for note in notes:
        messages.note(note)
    for problem in outcome.problems:
        messages.warning(str(problem))


def _grants(users: Sequence[str]) -> dict[str, Grant | None]:
    """Read --user NAME[:ROLE[:PATTERN,...]]; a user named again needs no role again."""
    grants: dict[str, Grant | None] = {}
    for name, grant in map(parse_user, users):
        if grant and grants.get(name, grant) not in (grant, None):
            raise UsageError(f"--user names {name} twice with different roles", "keep one of them")
        grants[name] = grant or grants.get(name)
    return grants


def _completed(choices: Choices, blocks: Collection[str], sources: Sources, answer: Answerer) -> Choices:
    """Choose what is still open for a new registry: by what the cluster has, and by asking."""
    if sources.profile:
        answer.tell(wording.profile_text(sources.profile, profile(sources.profile)))
    facts = None
    if sources.profile or interview.depends_on_cluster(choices, blocks):
        facts = _facts(sources, answer)
    choices = interview.complete(choices, facts, blocks, answer)
    answer.end()
    for misfit in proposals.misfits(choices, facts) if facts else ():
        messages.warning(misfit)
    return choices


def _facts(sources: Sources, answer: Answerer) -> Facts | None:
    if not sources.use_cluster:
        return None
    answer.wait("Reading the cluster (--no-cluster skips it)")
    try:
        facts = cluster.read(sources.context)
    except ClusterError as error:
        is_said = error.message.startswith("no cluster")
        answer.tell(error.message if is_said else f"no cluster was read: {error.message}")
        return None
    answer.tell(wording.facts_text(facts))
    return facts


def _confirm(host: str, names: Sequence[str]) -> None:
    there = [name for name in reversed(names) if is_there(name)]  # they are written credentials first
    new = [name for name in reversed(names) if name not in there]
    steps = [f"{verb} {_and(of)}" for verb, of in (("add to", there), ("make", new)) if of]
    question = f"{' and '.join(steps)} for {host}"
    if not confirm(question[0].upper() + question[1:]):
        messages.always("nothing was changed")
        raise typer.Exit(1)


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _keys(choices: Choices, secret: SecretKey, interactive: bool) -> Keys | None:
    """Get the keys of the bucket; None without them."""
    if choices.s3_access_key is None:
        if secret.from_stdin or secret.file:
            raise UsageError("the secret of a key was given, and no key", "name it with --s3-access-key")
        return None
    text = given_secret_key(choices.s3_access_key, secret.from_stdin, interactive, secret.file)
    return Keys(choices.s3_access_key, text)


def _password(names: list[str], from_stdin: bool, ask: bool, file: str | None) -> str | None:
    if (from_stdin or ask or file) and len(set(names)) != 1:
        raise UsageError("a password is for exactly one user", "name one with --user or --rotate")
    return given_password(names[0], from_stdin, ask, file) if names else None
