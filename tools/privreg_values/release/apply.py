"""Makes a release what the values files say, and leaves the old one working when that fails."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from privreg_values.cluster.helm import Operation
from privreg_values.cluster.revisions import History, Revision, is_pending
from privreg_values.errors import ClusterError, ConflictError, HelmError
from privreg_values.interrupts import interrupts_held
from privreg_values.release.failure import Failure, collect
from privreg_values.release.objects import hooks, metadata, placed, title
from privreg_values.release.readiness import State, View, look
from privreg_values.release.sources import Sources
from privreg_values.release.target import Chart, Target
from privreg_values.values.nodes import Value

# What helm says when it was not the API server that refused an object.
_UNREADY = re.compile(r"not ready|deadline exceeded|timed out|hooks? failed|BackoffLimit|Progress", re.IGNORECASE)
INTERVAL = 1.0  # seconds between two looks
_ROLLBACK = 120  # seconds that going back gets at least, however short the timeout was that led there

News = State | Failure | str


@dataclass
class Outcome:
    """What came of it.

    Args:
        revision: The release's last revision; 0 where there is none.
        status: What helm calls it.
        states: The objects' states in the end.
        error: What helm said when it failed; empty where it did not.
        failures: Why objects are not ready.
        before: The revision that was in force before; 0 where there was none.
        restored: That revision is in force again.
        rollback_error: Why it is not.
        interrupted: A person ended it, or a signal did.
        exit_code: What an interrupted program ends with, as a shell counts: 128 and the signal's number.
    """

    revision: int = 0
    status: str = ""
    states: list[State] = field(default_factory=list)
    error: str = ""
    failures: list[Failure] = field(default_factory=list)
    before: int = 0
    restored: bool = False
    rollback_error: str = ""
    interrupted: bool = False
    exit_code: int = 128 + signal.SIGINT

    @property
    def ok(self) -> bool:
        """Tell whether the release is what the files say."""
        return not self.error and not self.interrupted


@dataclass(frozen=True)
class Application:
    """One application of values files to a release.

    Args:
        target: The release.
        chart: Its chart.
        sources: The values.
        timeout: Seconds to wait for the objects, and for each hook.
        wait: Wait until all is ready.
        tell: Called with each object whose state has changed, each reason of a failure, and what is done next.
    """

    target: Target
    chart: Chart
    sources: Sources
    timeout: int
    wait: bool
    tell: Callable[[News], None]

    def run(self) -> Outcome:
        """Install or upgrade the release.

        Raises:
            ConflictError: another helm is at the release, or was killed while it was.
            HelmError: helm refuses the chart or the values; nothing was changed.
            ClusterError: the cluster does not answer.
        """
        helm, target = self.target.helm, self.target
        history = self._history()
        self._check(history)
        wanted = helm.preview(
            target.release, target.namespace, self.chart.path, self.sources.values, chart_version=self.chart.version
        )
        outcome = Outcome(before=history.deployed)
        watch = _Watch(target, wanted, self.tell, known=bool(outcome.before))
        try:
            self._attempt(outcome, watch)
        except KeyboardInterrupt:
            outcome.interrupted = True
        except SystemExit as ending:  # another signal, see __main__
            outcome.interrupted, outcome.exit_code = True, int(ending.code or 0)
        self._conclude(outcome, watch)
        return outcome

    def _attempt(self, outcome: Outcome, watch: _Watch) -> None:
        try:
            self._follow(self._upgrade(self.sources.values, self.timeout), watch)
        except HelmError as error:
            outcome.error = error.message
            if _UNREADY.search(error.message):
                outcome.failures = watch.failures()
            for failure in outcome.failures:
                self.tell(failure)
            self._restore(outcome, watch)

    def _history(self) -> History:
        return self.target.helm.history(self.target.release, self.target.namespace)

    def _check(self, history: History) -> None:
        last = history.last
        if not (last and is_pending(last.status)):
            return
        undo = self.target.helm_command("uninstall", self.target.release)
        if history.deployed:
            undo = self.target.helm_command("rollback", self.target.release, str(history.deployed))
        what = f"{self.target}: another helm is at work, revision {last.number} is {last.status}"
        remedy = f"wait for it; if it was killed, run `{undo}`"
        raise ConflictError([f"{what}; {remedy}"])

    def _follow(self, begin: Callable[[], Operation], watch: _Watch) -> None:
        operation = None
        try:
            with interrupts_held():  # there is no moment in which helm is at work and would not be ended
                operation = begin()
            while not operation.wait(INTERVAL):
                watch.look()
        except (KeyboardInterrupt, SystemExit):
            if operation:
                self.tell("interrupted; waiting until helm has ended")
                operation.cancel()
            raise

    def _restore(self, outcome: Outcome, watch: _Watch) -> None:
        history = self._history()
        if not outcome.before:
            return
        if history.last and history.last.number == outcome.before:
            outcome.restored = True  # helm failed before it changed anything
            return
        self.tell(f"it failed; going back to revision {outcome.before}")
        try:
            self._go_back(history, outcome.before, watch)
            outcome.restored = True
        except HelmError as error:
            outcome.rollback_error = error.message

    def _go_back(self, history: History, revision: int, watch: _Watch) -> None:
        helm, target, timeout = self.target.helm, self.target, max(self.timeout, _ROLLBACK)
        try:
            begin = partial(helm.rollback, target.release, target.namespace, revision, timeout=timeout, wait=self.wait)
            self._follow(begin, watch)
        except HelmError:
            # A client-side rollback, as Helm 3 does it, fails at a claim that the failed revision no longer had and
            # that was kept. An upgrade takes such a claim over; it needs the old chart, which often is this one.
            charts = {it.chart for it in history.entries if it.number == revision or it == history.last}
            if len(charts) > 1:
                raise
            values = helm.values(target.release, target.namespace, revision=revision)
            self._follow(self._upgrade(values, timeout), watch)

    def _upgrade(self, values: dict[str, Value], timeout: int) -> Callable[[], Operation]:
        return partial(
            self.target.helm.upgrade,
            self.target.release,
            self.target.namespace,
            self.chart.path,
            values,
            chart_version=self.chart.version,
            timeout=timeout,
            wait=self.wait,
        )

    def _conclude(self, outcome: Outcome, watch: _Watch) -> None:
        last = self._history().last
        if last:
            outcome.revision, outcome.status = last.number, last.status
        outcome.states = watch.end(done=outcome.ok)


class _Watch:
    """Looks at the objects again and again, and says what has changed.

    Args:
        target: The release.
        wanted: The revision that is to be.
        on_change: Called with each object whose state has changed.
        known: A revision is in force; its objects are there already.
    """

    def __init__(self, target: Target, wanted: Revision, on_change: Callable[[State], None], *, known: bool) -> None:
        self._kubectl, self._namespace = target.kubectl, target.namespace
        self._objects = placed(wanted.objects, target.namespace)
        self._hooks = placed(hooks(wanted), target.namespace)
        self._on_change = on_change
        # Hooks that an earlier run left behind are none of this one.
        self._old = {str(metadata(it, "uid")) for it in self._kubectl.find(self._hooks)}
        self._said: dict[tuple[str, str], State] = {}
        self._view: View | None = None
        if known:
            self._said = {_key(it): it for it in self._states()}

    def look(self) -> None:
        """Look once. A cluster that does not answer for a moment is no reason to give up: helm decides."""
        try:
            states = self._states()
        except ClusterError:
            return
        self._tell(it for it in states if it.waited and it.detail != "is not there")

    def end(self, *, done: bool) -> list[State]:
        """Give all states, once helm has ended; hooks that helm has removed have ended well if it has."""
        try:
            states = self._states()
        except ClusterError:
            return []
        names = {(str(metadata(it, "namespace")), title(it)) for it in self._hooks}
        ended = [
            State(it.title, it.namespace, True, "has ended well", True)
            if done and _key(it) in names and it.detail == "is not there"
            else it
            for it in states
        ]
        kept = [it for it in ended if done or _key(it) not in names or it.detail != "is not there"]
        if done:
            self._tell(it for it in kept if it.waited)
        return kept

    def failures(self) -> list[Failure]:
        """Give the reasons of all that is not ready."""
        try:
            self._states()
        except ClusterError:
            return []
        return collect(self._kubectl, self._view, self._namespace) if self._view else []

    def _states(self) -> list[State]:
        view = look(self._kubectl, [*self._objects, *self._hooks], self._namespace)
        live = {key: it for key, it in view.live.items() if str(metadata(it, "uid")) not in self._old}
        self._view = replace(view, live=live)
        return self._view.states()

    def _tell(self, states: Iterable[State]) -> None:
        for state in states:
            if self._said.get(_key(state)) != state:
                self._said[_key(state)] = state
                self._on_change(state)


def _key(state: State) -> tuple[str, str]:
    return state.namespace, state.title
