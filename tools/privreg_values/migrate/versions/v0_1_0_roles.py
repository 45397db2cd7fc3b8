"""0.1.0: auth.mode is gateway where it was htpasswd, and each user has a role."""

from __future__ import annotations

from collections.abc import Mapping

from privreg_values.migrate.found import Lost
from privreg_values.shapes.overlay import Values
from privreg_values.users.plan import DEFAULT_ROLES
from privreg_values.users.roles import Grant, Role
from privreg_values.users.user_list import USERS, UserList, mode
from privreg_values.values.nodes import locate


def migrate(values: Values, grants: Mapping[str, Grant]) -> tuple[list[str], list[Lost]]:
    """Give a role to each user without one: the one asked for, that which `gen` gives to the name, or push."""
    if mode(values) != "gateway":
        return [], []
    users = UserList(values)
    puller = values.get(("pullSecrets", "credential", "username"))
    done = []
    for index, name in enumerate(list(users.users)):
        there = users.users[name]
        if there.role or values.get((*USERS, index, "role")) is not None:
            continue
        usual = Role.PULL if name == puller else DEFAULT_ROLES.get(name, Role.PUSH)
        grant = grants.get(name, Grant(usual, there.repositories))
        users.set_grant(name, grant)
        done.append(f"role of {name} ({grant})")
    return done, _elsewhere(values)


def _elsewhere(values: Values) -> list[Lost]:
    """Tell of users whom only a Secret in the cluster knows."""
    secret = values.get(("auth", "existingSecret"))
    if not secret or values.get(("auth", "access")):
        return []
    what = f"the roles of the users in the Secret {secret}: this file does not know them"
    return [
        Lost(locate(values.root, ("auth", "existingSecret")), what, "name them in auth.access, each with name and role")
    ]
