"""Makes one program of the modules that a check needs, for a Python that has nothing installed."""

from __future__ import annotations

import importlib.resources
from dataclasses import asdict

from privreg_values.in_cluster.inside import Order
from privreg_values.registry.check import Check

# In the order of their imports.
_MODULES = (
    "errors",
    "registry.client",
    "registry.certificates",
    "registry.image",
    "registry.reach",
    "registry.check",
    "in_cluster.inside",
)
_PACKAGES = ("", "registry", "in_cluster")

_LOADER = """\
import sys, types


def load(name, source, package=False):
    module = types.ModuleType(name)
    if package:
        module.__path__ = []
    sys.modules[name] = module
    above, _, last = name.rpartition(".")
    if above:
        setattr(sys.modules[above], last, module)
    exec(compile(source, name, "exec"), module.__dict__)


"""


def order(check: Check, authorities: str) -> Order:
    """Give the order to do a check elsewhere.

    Args:
        check: The check.
        authorities: Certificates to trust besides the system's there, in PEM form.
    """
    site, login = check.site, check.login
    return Order(
        site.host,
        site.address,
        site.port,
        check.resolve,
        authorities,
        login.user,
        login.password,
        login.source,
        check.repository,
    )


def text(order: Order) -> str:
    """Give the program that carries out an order; it holds the password, so it goes to standard input only."""
    loads = [f"load({_full(name)!r}, '', package=True)" for name in _PACKAGES]
    loads += [f"load({_full(name)!r}, {_source(name)!r})" for name in _MODULES]
    # A line of its own: what a traceback shows of the call is not the password.
    calls = [f"order = {asdict(order)!r}", f"from {_full(_MODULES[-1])} import Order, run", "run(Order(**order))"]
    return _LOADER + "\n".join([*loads, *calls]) + "\n"


def _full(name: str) -> str:
    return f"privreg_values.{name}".rstrip(".")


def _source(name: str) -> str:
    path = name.replace(".", "/") + ".py"
    return importlib.resources.files("privreg_values").joinpath(path).read_text(encoding="utf-8")
