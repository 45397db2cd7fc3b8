"""Changes single users in files that `gen` made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from privreg_values.errors import ConflictError
from privreg_values.shapes.layout import Files
from privreg_values.users import rotation
from privreg_values.users.credentials import check_password, check_user_name, is_hash
from privreg_values.users.htpasswd import Previous
from privreg_values.users.place import Change, Changing, changing
from privreg_values.users.roles import Grant, Role
from privreg_values.users.user_list import User
from privreg_values.values.nodes import locate


def add(files: Files, name: str, grant: Grant, password: str | None) -> Change:
    """Add a user.

    Args:
        files: The files.
        name: Who.
        grant: What the user may do.
        password: The password; None to make one.

    Raises:
        CredentialError: the name or the password cannot be used.
        ConflictError: the user is there, or the users are elsewhere; nothing was changed.
        FileError: a file cannot be read, edited or written.
    """
    check_user_name(name)
    if password is not None:
        check_password(password)
    with changing(files) as it:
        it.here(f"add {name} there with `htpasswd -B`, then give the role with `privreg-values users role {name} ROLE`")
        if name in it.list.users:
            it.refuse(
                it.list.path_of(name),
                f"{name} is there; change the role with `privreg-values users role`, the password with `users rotate`",
            )
        if it.session.credentials.get(("users", name)) is not None:
            mark = locate(it.session.credentials.root, ("users", name))
            again = f"let this user in again with `privreg-values gen --user {name}:{grant.role}`"
            raise ConflictError([f"{mark}: users.{name}: a password is there; take it out, or {again}"])
        it.list.add(User(name, it.new_password(name, password), str(grant.role), grant.repositories))
        return it.finish(f"new: user {name} ({grant})")


def set_role(files: Files, name: str, role: Role, repositories: Sequence[str] | None) -> Change:
    """Give a user another role.

    Args:
        files: The files.
        name: Who.
        role: What the user may do.
        repositories: Where; empty for everywhere, None for where it was.

    Raises:
        CredentialError: the name cannot be one.
        ConflictError: there is no such user; nothing was changed.
        FileError: a file cannot be read, edited or written.
    """
    check_user_name(name)
    with changing(files) as it:
        if name not in it.list.users and (it.list.elsewhere or name in it.list.strangers):
            it.list.add(User(name, "", str(role), tuple(repositories or ())))
            if it.list.elsewhere:
                it.notes.append(f"this counts once {name} is among the users of the Secret {it.list.secret}")
            return it.finish(f"new: role of {name} ({it.list.users[name].grant})")
        it.must_have(name)
        before = it.list.users[name]
        it.list.set_grant(name, Grant(role, before.repositories if repositories is None else tuple(repositories)))
        after = it.list.users[name]
        if after.grant == before.grant:
            return it.finish("")
        if name == it.puller and role not in (Role.PULL, before.role):
            it.notes.append(
                f"{name} is what the cluster pulls with: whoever can read the pull Secret of a namespace "
                f"may now {'push' if role == Role.PUSH else 'push and delete'}"
            )
        return it.finish(f"changed: role of {name} ({after.grant}; before: {before.grant})")


def remove(files: Files, name: str, *, force: bool) -> Change:
    """Take a user out of both files.

    Args:
        files: The files.
        name: Who.
        force: Also the one that the cluster pulls with, and with it the pull credential.

    Raises:
        ConflictError: there is no such user, or the cluster pulls with this one; nothing was changed.
        FileError: a file cannot be read, edited or written.
    """
    with changing(files) as it:
        it.must_have(name)
        if name == it.puller:
            if not force:
                it.refuse_for_the_puller(
                    f"the cluster pulls with {name}, and no Pod could pull without; name another user here first, "
                    "or take out both with --force"
                )
            it.pull.remove()
            it.notes.append("the cluster has nothing to pull with; `privreg-values gen` makes a new user for that")
        it.list.remove(name)
        it.session.credentials.remove(("users", name))
        if it.list.elsewhere:
            it.notes.append(f"{name} may do nothing now; take the line out of the Secret {it.list.secret} as well")
        return it.finish(f"removed: user {name}", force=force)


def rotate(files: Files, name: str, password: str | None, keep_old: timedelta | None = None) -> Change:
    """Give a user a new password, and the cluster with it if it pulls with this user.

    Args:
        files: The files.
        name: Who.
        password: The password; None to make one.
        keep_old: For how long the old one is to work as well; None for not at all.

    Raises:
        CredentialError: the password cannot be used.
        ConflictError: there is no such user, or the users are elsewhere; nothing was changed.
        FileError: a file cannot be read, edited or written.
    """
    if password is not None:
        check_password(password)
    with changing(files) as it:
        it.here(f"make the new line of {name} with `htpasswd -B` and put it there")
        it.must_have(name)
        previous = _previous(it, name, keep_old) if keep_old else None
        if it.list.users[name].previous:
            it.notes.append(f"the password of {name} before the last one does not work any longer")
        it.list.set_hash(name, it.new_password(name, password), previous)
        done = f"new: password of {name}"
        if name == it.puller:
            it.pull.set(name, it.session.credentials.get(("users", name)))
            done += ", pull credential"
        if previous:
            done += f"\nkept: the old one works as well, until `privreg-values users prune` after {previous.until}"
        return it.finish(done)


def _previous(it: Changing, name: str, keep_old: timedelta) -> Previous:
    hashed = it.list.users[name].hash
    if it.mode != "gateway":
        it.refuse(("auth", "mode"), f"is {it.mode}, and --keep-old needs gateway; rotate without --keep-old")
    if not is_hash(hashed):
        it.refuse(it.list.path_of(name), f"{name} has no bcrypt hash that could be kept; rotate without --keep-old")
    return Previous(hashed, rotation.end_of(keep_old))


def prune(files: Files, *, everything: bool) -> Change:
    """Take out old passwords that were kept beside new ones.

    Args:
        files: The files.
        everything: Also those whose time is not over.

    Raises:
        ConflictError: the users are elsewhere; nothing was changed.
        FileError: a file cannot be read, edited or written.
    """
    with changing(files) as it:
        it.here("take out the lines there that begin with #previous:")
        kept = {name: user.previous for name, user in it.list.users.items() if user.previous}
        gone = [name for name, previous in kept.items() if everything or rotation.is_over(previous.until)]
        for name in gone:
            it.list.drop_previous(name)
        it.notes += [
            f"the old password of {name} stays until {previous.until}"
            for name, previous in kept.items()
            if name not in gone
        ]
        return it.finish(f"removed: old password of {', '.join(gone)}" if gone else "")
