"""What would change: the release as it is in the cluster, against the values files."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from privreg_values.cluster.kubectl import Object
from privreg_values.cluster.revisions import Revision
from privreg_values.release.hiding import hide_in_object
from privreg_values.release.objects import hooks, identity, placed, text, title
from privreg_values.release.sources import Sources
from privreg_values.release.target import Chart, Target
from privreg_values.values import chart
from privreg_values.values.nodes import Mark, Node, Path, Value, find, locate, plain


@dataclass(frozen=True)
class Change:
    """An object that would not be what it is.

    Args:
        title: Its kind and name.
        namespace: Its namespace.
        what: added, removed or changed.
        lines: The difference as a unified diff, without its header; what is secret is hidden.
    """

    title: str
    namespace: str
    what: str
    lines: list[str]


@dataclass(frozen=True)
class ValueChange:
    """A value that the release has and the files have not, or the other way round, or with another value.

    Args:
        path: Which.
        old: What the release has; the chart's default where its values do not say.
        new: What the files say; the chart's default where they do not.
        mark: Where the files say it; None where they do not.
    """

    path: Path
    old: Value
    new: Value
    mark: Mark | None


@dataclass(frozen=True)
class Difference:
    """All that would change.

    Args:
        revision: The number of the release's last revision; 0 where there is no release.
        status: What helm calls that revision.
        changes: The objects that would change, in the order of their names.
        values: The values behind that.
    """

    revision: int
    status: str
    changes: list[Change]
    values: list[ValueChange]


def diff(target: Target, source: Chart, sources: Sources) -> Difference:
    """Compare; the cluster is asked, and nothing changed.

    Raises:
        HelmError: helm refuses the chart or the values, or no cluster answers.
    """
    helm = target.helm
    there = helm.status(target.release, target.namespace)
    wanted = helm.preview(target.release, target.namespace, source.path, sources.values, chart_version=source.version)
    old = _all(there, target.namespace) if there else []
    changes = compare(old, _all(wanted, target.namespace))
    if not there:
        return Difference(0, "", changes, [])
    return Difference(there.number, there.status, changes, compare_values(there.values, sources.root))


def compare_values(old: dict[str, Value], new: Node) -> list[ValueChange]:
    """Compare the values of a release with those of the files; a list is one value.

    Args:
        old: What the release has.
        new: What the files say.
    """
    before, after = dict(_leaves(old)), dict(_leaves(plain(new)))
    found = []
    for path in {**before, **after}:
        default = find(chart.defaults(), path)
        usual = plain(default) if default else None
        one, other = before.get(path, usual), after.get(path, usual)
        if one != other:
            found.append(ValueChange(path, one, other, locate(new, path) if path in after else None))
    return found


def _leaves(value: Value, path: Path = ()) -> Iterator[tuple[Path, Value]]:
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from _leaves(child, (*path, key))
    elif path:
        yield path, value


def compare(old: Sequence[Object], new: Sequence[Object]) -> list[Change]:
    """Compare two sets of objects.

    Args:
        old: Those that are there.
        new: Those that are wanted.
    """
    before, after = ({identity(it): it for it in items} for items in (old, new))
    changes = []
    for key in sorted({*before, *after}):
        one, other = before.get(key), after.get(key)
        if one == other:
            continue
        what = "changed" if one and other else "removed" if one else "added"
        lines = difflib.unified_diff(_lines(one), _lines(other, one), lineterm="", n=3)
        item = other or one or {}
        changes.append(Change(title(item), key[1], what, list(lines)[2:]))
    return changes


def _lines(item: Object | None, before: Object | None = None) -> list[str]:
    return text(hide_in_object(item, before)).splitlines() if item else []


def _all(revision: Revision, namespace: str) -> list[Object]:
    return placed([*revision.objects, *hooks(revision)], namespace)
