"""Says what came of the commands about a release: as text for people, as JSON for programs."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from privreg_values.cluster.kubectl import Object
from privreg_values.cluster.revisions import is_pending
from privreg_values.release import hiding
from privreg_values.release.apply import News, Outcome
from privreg_values.release.diff import Difference, ValueChange
from privreg_values.release.failure import Failure
from privreg_values.release.objects import grouped, metadata, summary, text
from privreg_values.release.readiness import State
from privreg_values.release.render import Rendered
from privreg_values.release.status import Finding, Status
from privreg_values.release.target import Target
from privreg_values.release.uninstall import Removal
from privreg_values.terminal import Style
from privreg_values.values.nodes import Path, Value
from privreg_values.values.paths import render

_DIFF_COLOURS = {"+": "green", "-": "red"}
_LONGEST = 60  # characters of a value in a list of values


def _json(**parts: Value) -> str:
    return json.dumps(parts, indent=2)


def rendered_text(rendered: Rendered, target: Target, style: Style) -> list[str]:
    """Give the objects by component, a line each, and then what is not the chart's default."""
    lines: list[str] = []
    kinds = max((len(str(it["kind"])) for it in rendered.objects), default=0)
    names = max((len(str(metadata(it, "name"))) for it in rendered.objects), default=0)
    for name, items in grouped(rendered.objects).items():
        lines += [style.paint(name, "bold")]
        for item in items:
            lines.append(_object_line(item, kinds, names, target, style))
        lines.append("")
    lines.append(style.paint("not the chart's defaults", "bold"))
    for it in rendered.differences:
        lines.append(f"  {it.mark.file}:{it.mark.line}  {render(it.path)}: {_value(it.value, it.path)}")
    return lines


def _object_line(item: Object, kinds: int, names: int, target: Target, style: Style) -> str:
    """Give an object as a line; on a terminal, what it is goes below its name where the line would be too long."""
    kind, name, said = str(item["kind"]), str(metadata(item, "name")), summary(item)
    if metadata(item, "namespace") != target.namespace:
        said = f"in namespace {metadata(item, 'namespace')}; {said}"
    line = f"  {kind:<{kinds}}  {name:<{names}}  {said}".rstrip()
    if not style.width or len(line) <= style.width:
        return line
    indent = kinds + 6
    return f"  {kind:<{kinds}}  {name}\n{' ' * indent}{style.wrap(said, indent)}"


def rendered_yaml(rendered: Rendered, *, show_secrets: bool) -> list[str]:
    """Give the objects as YAML documents, by component."""
    lines = []
    for name, items in grouped(rendered.objects).items():
        lines += [f"---\n# {name}\n" + text(it if show_secrets else hiding.hide_in_object(it)).rstrip() for it in items]
    return lines


def rendered_json(rendered: Rendered, *, show_secrets: bool) -> str:
    """Give the objects and the differences as one JSON document."""
    objects = rendered.objects if show_secrets else [hiding.hide_in_object(it) for it in rendered.objects]
    differences = [
        {
            "file": it.mark.file,
            "line": it.mark.line,
            "path": render(it.path),
            "value": it.value if show_secrets else hiding.hide(it.value, it.path),
            "default": it.default,
        }
        for it in rendered.differences
    ]
    return _json(objects=objects, differences=differences)


def _value(value: Value, path: Path) -> str:
    shown = hiding.hide(value, path)
    if isinstance(shown, list) and any(isinstance(it, dict) for it in shown):
        names = [str(it["name"]) for it in shown if isinstance(it, dict) and "name" in it]
        return ", ".join(names) if len(names) == len(shown) else f"{len(shown)} entries"
    said = shown if isinstance(shown, str) and shown else json.dumps(shown, ensure_ascii=False)
    return said if len(said) <= _LONGEST else said[: _LONGEST - 3] + "..."


def diff_text(difference: Difference, target: Target, files: Sequence[str], style: Style) -> list[str]:
    """Give what would change, object by object."""
    if not difference.changes:
        return [f"{target}: revision {difference.revision} is what {', '.join(files)} says"]
    if not difference.revision:
        titles = [f"  {it.title}" for it in difference.changes]
        return [f"there is no {target}; `privreg-values apply` would make {len(titles)} objects:", *titles]
    lines: list[str] = []
    for it in difference.changes:
        where = f", namespace {it.namespace}" if it.namespace not in ("", target.namespace) else ""
        lines.append(style.paint(f"{it.title} ({it.what}{where})", "bold"))
        for line in it.lines:
            colour = _DIFF_COLOURS.get(line[:1])
            lines.append(style.paint(line, colour) if colour else line)
        lines.append("")
    if difference.values:
        lines += [style.paint("the values behind it", "bold"), *map(_value_line, difference.values), ""]
    count = Counter(it.what for it in difference.changes)
    numbers = ", ".join(f"{count[it]} {it}" for it in ("added", "changed", "removed") if count[it])
    return [*lines, f"{target}, revision {difference.revision}: {numbers}"]


def _value_line(change: ValueChange) -> str:
    old, new = _value(change.old, change.path), _value(change.new, change.path)
    where = f"{change.mark.file}:{change.mark.line}" if change.mark else "not set any more"
    said = f"{old} -> {new}" if old != new else f"{new} (changed)"
    return f"  {where}  {render(change.path)}: {said}"


def diff_json(difference: Difference) -> str:
    """Give what would change as one JSON document."""
    values = [
        {
            "path": render(it.path),
            "old": hiding.hide(it.old, it.path),
            "new": hiding.hide(it.new, it.path),
            "file": it.mark.file if it.mark else None,
            "line": it.mark.line if it.mark else None,
        }
        for it in difference.values
    ]
    return _json(
        revision=difference.revision,
        status=difference.status,
        differs=bool(difference.changes),
        changes=[asdict(it) for it in difference.changes],
        values=values,
    )


def state_line(state: State, target: Target, style: Style, *, final: bool = False) -> str:
    """Give an object's state as a line; one that is not ready yet is a failure only in the end."""
    mark = style.tick(state.ready)
    colour = "green" if state.ready else "red"
    if not state.ready and not final:
        mark, colour = ("…" if style.symbols else "... "), "yellow"
    where = f" (namespace {state.namespace})" if state.namespace not in ("", target.namespace) else ""
    indent = len(mark) + 1
    return f"{style.paint(mark, colour)} {style.wrap(f'{state.title}{where}: {state.detail}', indent)}"


def outcome_text(
    outcome: Outcome, target: Target, causes: Iterable[str], style: Style, *, files: Sequence[str], host: str
) -> list[str]:
    """Say how an application ended, and what comes next; why Pods are not ready is in the news.

    Args:
        outcome: How it ended.
        target: The release.
        causes: The lines of the values files that the error is from.
        style: How to write.
        files: The values files that were named; none where the usual ones were taken.
        host: The registry's name.
    """
    if outcome.ok:
        count = f"{len(outcome.states)} objects"
        return [
            f"{target}: revision {outcome.revision} is {outcome.status}, {count}",
            "",
            f"registry    https://{host}",
            f"then        privreg-values status{_flags(target)}",
            f"            privreg-values check{f' --host {shlex.quote(host)}' if files else ''}",
        ]
    lines = [] if outcome.interrupted else [f"{style.paint(style.tick(False), 'red')} {outcome.error}"]
    return [*lines, *causes, *_what_now(outcome, target, files)]


def _what_now(outcome: Outcome, target: Target, files: Sequence[str]) -> list[str]:
    state = f"there is no {target}"
    if outcome.revision:
        state = f"{target}: revision {outcome.revision} is {outcome.status}"
    again = f"`{shlex.join(['privreg-values', 'apply', *files])}{_flags(target)}`"
    back = f"`{target.helm_command('rollback', target.release, str(outcome.before))}`"
    if outcome.restored:
        return [
            f"{target}: revision {outcome.before} is in force again, as revision {outcome.revision}",
            f"mend what is said above, and run {again} again",
        ]
    if outcome.rollback_error:
        why = f"going back to revision {outcome.before} failed: {outcome.rollback_error}"
        return [state, why, f"go back with {back}"]
    if outcome.before and outcome.revision == outcome.before:
        return [f"{target}: revision {outcome.before} is in force; nothing was changed", f"begin again with {again}"]
    if outcome.revision:
        undo = f"take it away with `privreg-values uninstall{_flags(target)}`"
        if outcome.before:
            undo = f"go back with {back}"
        # Helm upgrades nothing that is pending: a helm that was killed could not write down that it failed.
        return [state, f"{undo}{', then' if is_pending(outcome.status) else ', or'} go on with {again}"]
    return [state, f"begin again with {again}"]


def news_lines(news: News, target: Target, causes: Iterable[str], style: Style) -> list[str]:
    """Give what is said while an application is at work.

    Args:
        news: What is new.
        target: The release.
        causes: The lines of the values files that a failure is from.
        style: How to write.
    """
    if isinstance(news, State):
        return [state_line(news, target, style)]
    return _failure_lines(news, causes, style) if isinstance(news, Failure) else [news]


def _failure_lines(failure: Failure, causes: Iterable[str], style: Style) -> list[str]:
    """Say why a Pod is not ready: its events, its log, and what is probably wrong."""
    mark = style.paint(style.tick(False), "red")
    said = f"{failure.title}: {failure.reason or 'is not ready'}"
    lines = [f"{mark} {style.wrap(said, len(style.tick(False)) + 1)}"]
    rows = [*(("event", it) for it in failure.events), *(("log", it) for it in failure.log)]
    if failure.opinion:
        rows += [("cause", failure.opinion.what), *(("", it) for it in causes), ("do", failure.opinion.remedy)]
    for name, it in rows:
        colour = "bold" if name in ("cause", "do") else ""
        head = f"    {name:<6}"
        lines.append((style.paint(head, colour) if colour else head) + style.wrap(it, len(head)))
    return lines


def outcome_json(outcome: Outcome, target: Target, causes: Sequence[str]) -> str:
    """Give how an application ended as one JSON document."""
    return _json(
        release=target.release,
        namespace=target.namespace,
        ok=outcome.ok,
        revision=outcome.revision,
        status=outcome.status,
        before=outcome.before,
        restored=outcome.restored,
        interrupted=outcome.interrupted,
        error="\n".join(filter(None, (outcome.error, outcome.rollback_error))),
        causes=list(causes),
        objects=[_state_json(it) for it in outcome.states],
        failures=[asdict(it) for it in outcome.failures],
    )


def status_text(status: Status, target: Target, style: Style) -> list[str]:
    """Give how a release is."""
    users = ", ".join(f"{count} {role}" for role, count in sorted(status.roles.items()))
    total = sum(status.roles.values())
    fine = style.tick(status.status == "deployed")
    when = status.updated[:16].replace("T", " ")
    head = f"{target}: revision {status.revision} is {status.status} since {when} UTC"
    lines = [
        f"{style.paint(fine, 'green' if status.status == 'deployed' else 'red')} {style.wrap(head, len(fine) + 1)}",
        "",
        f"chart    {status.chart}",
        f"host     {status.host}",
        f"users    {f'{total}: {users}' if total else 'elsewhere'}",
        "",
        _finding_line("certificate", status.certificate, style),
    ]
    if status.gateway:
        lines.append(_finding_line("gateway", status.gateway, style))
    lines += [state_line(it, target, style, final=True) for it in status.states if it.waited or not it.ready]
    for name, phase in status.hooks.items():
        state = State(f"hook {name}", "", phase != "Failed", f"has {_phase(phase)}", waited=True)
        lines.append(state_line(state, target, style, final=True))
    return [*lines, _others_line(status.states, style)]


def _phase(phase: str) -> str:
    return {"Succeeded": "ended well", "Failed": "failed"}.get(phase, f"the phase {phase}")


def _finding_line(name: str, finding: Finding, style: Style) -> str:
    if finding.ok is None:
        mark = "? " if style.symbols else "?    "
        return mark + style.wrap(f"{name}: {finding.detail}", len(mark))
    mark = style.tick(finding.ok)
    said = style.wrap(f"{name}: {finding.detail}", len(mark) + 1)
    return f"{style.paint(mark, 'green' if finding.ok else 'red')} {said}"


def _others_line(states: Sequence[State], style: Style) -> str:
    kinds = Counter(it.title.partition(" ")[0] for it in states if it.ready and not it.waited)
    said = ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in sorted(kinds.items()))
    mark = style.tick(True)
    return f"{style.paint(mark, 'green')} {style.wrap(f'all there: {said}', len(mark) + 1)}"


def status_json(status: Status, target: Target) -> str:
    """Give how a release is as one JSON document."""
    return _json(
        release=target.release,
        namespace=target.namespace,
        ok=status.ok,
        revision=status.revision,
        status=status.status,
        updated=status.updated,
        chart=status.chart,
        host=status.host,
        users=sum(status.roles.values()),
        roles=status.roles,
        objects=[_state_json(it) for it in status.states],
        hooks=status.hooks,
        certificate=asdict(status.certificate),
        gateway=asdict(status.gateway) if status.gateway else None,
    )


def _state_json(state: State) -> dict[str, Any]:
    return {"object": state.title, "namespace": state.namespace, "ready": state.ready, "detail": state.detail}


def removal_text(removal: Removal, target: Target) -> list[str]:
    """Say what an uninstall takes away and what it leaves, before it does."""
    goes = [f"the {len(removal.objects)} objects of {target}"]
    if removal.pull_secrets:
        goes.append(f"the pull Secrets and their references in {removal.pull_secrets}")
    lines = ["goes        " + "\n            ".join(goes)]
    stays = [f"{kind} {name}" for kind, name in removal.kept]
    if removal.kept:
        stays[-1] += ", with the images"
    if removal.folder:
        stays.append(f"{removal.folder}, with the images")
    stays += [f"the namespace {target.namespace}, and all in it that is yours", "your values and credentials files"]
    return [*lines, "stays       " + "\n            ".join(stays)]


def removed_text(removal: Removal, target: Target, left: Sequence[str]) -> list[str]:
    """Say what came of an uninstall."""
    lines = [f"{target} is gone"]
    lines += [f"is still there: {it}" for it in left if it not in [f"{kind} {name}" for kind, name in removal.kept]]
    for kind, name in removal.kept:
        delete = target.kubectl_command("delete", kind.lower(), name)
        lines += [
            f"kept: {kind} {name}; an install under the same name finds it again",
            f"      delete it with `{delete}`",
        ]
    return lines


def removal_json(removal: Removal, target: Target, left: Sequence[str]) -> str:
    """Give what came of an uninstall as one JSON document."""
    kept = [f"{kind} {name}" for kind, name in removal.kept]
    return _json(
        release=target.release, namespace=target.namespace, kept=kept, left=[it for it in left if it not in kept]
    )


def _flags(target: Target) -> str:
    flags = [("release", target.release, "privreg"), ("namespace", target.namespace, "privreg")]
    said = [f" --{name} {value}" for name, value, default in flags if value != default]
    return "".join([*said, f" --context {shlex.quote(target.context)}" if target.context else ""])
