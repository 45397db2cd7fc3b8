"""What all commands have in common: the look of their help, --quiet and --verbose."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

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
            no_args_is_help=True,
            rich_markup_mode=None,
            pretty_exceptions_enable=False,
            context_settings={"help_option_names": ["-h", "--help"]},
            **settings,
        )

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Any], Any]:  # noqa: ANN401
        """Register a function as a command; the settings are typer's."""
        register = super().command(name, **settings)
        return lambda function: register(_with_what_all_have(function))


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
