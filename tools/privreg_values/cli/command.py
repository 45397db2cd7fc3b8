"""What all commands have in common: the look of their help, --quiet and --verbose."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No notes, warnings and progress: only errors and questions.")
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say which files are read and written, and what is run.")
]
_EVERYWHERE = {"quiet": Quiet, "verbose": Verbose}

Function = Callable[..., None]


class App(typer.Typer):
    """The program, or a group of its commands."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - typer's
        super().__init__(
            cls=_Group,
            no_args_is_help=True,
            rich_markup_mode=None,
            pretty_exceptions_enable=False,
            context_settings={"help_option_names": ["-h", "--help"]},
            **settings,
        )

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Any], Any]:  # noqa: ANN401
        """Register a function as a command; the settings are typer's."""
        register = super().command(name, cls=_Command, **settings)
        return lambda function: register(_with_what_all_have(function))


class _Sparing:
    """Takes what has the right type already as it is, and knows choices by their names.

    typer converts each value with pydantic, a text to a text as well, and to load pydantic takes longer than most
    commands do. Versions of typer that do without pydantic have no such attribute.
    """

    def get_params(self, ctx: Any) -> Any:  # noqa: ANN401 - click's
        """Give the parameters of a command."""
        parameters = super().get_params(ctx)  # type: ignore[misc]
        for it in parameters:
            if getattr(it, "_runtime_param", it) is None:
                it._runtime_param = _AsItIs()
        return parameters


class _Command(_Sparing, TyperCommand): ...


class _Group(_Sparing, TyperGroup): ...


class _AsItIs:
    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401 - typer's
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        wanted = param.type_descriptor.annotation
        if several and wanted == list[str] and isinstance(value, list | tuple):
            return list(value)
        if not several and type(value) is wanted:
            return value
        if not several and isinstance(wanted, type) and issubclass(wanted, StrEnum):
            return _one_of(wanted, value)
        param._runtime_param = None
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def _one_of(choices: type[StrEnum], value: str) -> StrEnum:
    """Give the choice of this name.

    Raises:
        typer.BadParameter: there is none.
    """
    names = [it.value for it in choices]
    if value in names:
        return choices(value)
    close = difflib.get_close_matches(value.lower(), {it.lower(): it for it in names}, n=1)
    meant = next((f"; did you mean {it}?" for it in names if close and it.lower() == close[0]), "")
    raise typer.BadParameter(f"expected {', '.join(names[:-1])} or {names[-1]}, found {value!r}{meant}")


def _with_what_all_have(function: Function) -> Function:
    @functools.wraps(function)
    def command(*, quiet: bool, verbose: bool, **given: object) -> None:
        from privreg_values import messages  # noqa: PLC0415 - only when it runs

        messages.choose(quiet=quiet, verbose=verbose)
        function(**given)

    signature = inspect.signature(function)
    hints = {**get_type_hints(function, include_extras=True), **_EVERYWHERE}
    parameters = [it.replace(annotation=hints[it.name]) for it in signature.parameters.values()]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation)
        for name, annotation in _EVERYWHERE.items()
    ]
    command.__annotations__ = hints
    command.__signature__ = signature.replace(parameters=[*parameters, *added])  # type: ignore[attr-defined]
    return command
