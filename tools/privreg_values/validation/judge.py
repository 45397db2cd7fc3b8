"""Gives the whole verdict: Helm's, and what Helm would not notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from privreg_values.validation import git_safe, lint
from privreg_values.values.validate import Report, in_order, validate


@dataclass(frozen=True)
class Wishes:
    """What to look at besides the files.

    Args:
        git_safe: Names of those files that are meant for git.
        dns: Look the host up.
        cluster: Compare with the cluster that kubectl speaks to.
        context: A context of the kubeconfig; the current one when empty.
        namespace: The namespace that the release is to be in.
    """

    git_safe: Sequence[str] = ()
    dns: bool = False
    cluster: bool = False
    context: str = ""
    namespace: str = "privreg"


def judge(files: Sequence[str], wishes: Wishes) -> Report:
    """Check values files. What Helm refuses is told alone: the rest would be guesses.

    Args:
        files: Names; the later ones win. "-" is standard input.
        wishes: What to look at besides.

    Raises:
        FileError: a file cannot be read.
        UsageError: a file that is to be safe for git is not among them.
        ClusterError: no cluster answers.
    """
    report = validate(files)
    if report.values is None:
        return report
    problems = [*report.problems, *git_safe.check(report.sources, wishes.git_safe)]
    warnings = list(report.warnings)
    if report.ok:
        warnings += lint.check(report.values)
    if report.ok and wishes.dns:
        from privreg_values.validation import dns  # noqa: PLC0415 - only when it is asked for

        warnings += dns.check(report.values)
    if report.ok and wishes.cluster:
        from privreg_values.cluster.kubectl import Kubectl  # noqa: PLC0415 - only when it is asked for
        from privreg_values.validation import in_cluster  # noqa: PLC0415 - only when it is asked for

        comparison = in_cluster.compare(report.values, Kubectl(wishes.context), wishes.namespace)
        problems += comparison.problems
        warnings += comparison.unseen
    told = {(it.mark, it.path) for it in problems}  # the cluster knows better than a guess by a name
    warnings = [it for it in warnings if (it.mark, it.path) not in told]
    return replace(report, problems=in_order(problems, files), warnings=in_order(warnings, files))
