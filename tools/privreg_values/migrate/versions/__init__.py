"""What has changed in this chart's values since they were first written: one module a breaking change, oldest first.

Each has a sample and what it becomes in tests/data/migrate/versions, in a folder of the module's name. A module is
added with the change that it spares people, and stays as it is after its release.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from privreg_values.migrate.found import Lost
from privreg_values.migrate.versions import v0_1_0_roles
from privreg_values.shapes.overlay import Values
from privreg_values.users.roles import Grant

Migration = Callable[[Values, Mapping[str, Grant]], tuple[list[str], list[Lost]]]
"""Brings values over that are older than the change, and leaves all others as they are.

It is given the values file and what the caller wants users to be able to do; it gives what it changed, in words, and
what is left to a person.
"""

MIGRATIONS: Mapping[str, Migration] = {"v0_1_0_roles": v0_1_0_roles.migrate}
