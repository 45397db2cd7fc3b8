"""The rows of the results."""

import statistics

from bench.delivery.ours import NEWCOMERS, Ours
from bench.delivery.polled import Polled
from bench.measure import Row

PEER = "polling every 10 s"
HEAD = """\
# Delivery of pull Secrets to a thousand namespaces

Made by `make bench`: a real cluster with 1,000 namespaces of 3 ServiceAccounts each, half of which have entries of
others; the chart installed by helm with `namespaces: ["bench-*"]` and `serviceAccounts: ["*"]`. First the hook
alone (`watch: false`), uninstalled; then with the watcher, uninstalled; then, in their place, a program that
polls, which does request for request what imagepullsecret-patcher does, with this chart's client
([delivery/poll.py](delivery/poll.py)). Its client is not held to 5 requests a second, as that program's is by
client-go's default: there the first round would take 20 minutes, not what is shown.

Requests are those that the API server counts for the program's ServiceAccount (a FlowSchema of its own,
apiserver_flowcontrol_dispatched_requests_total). When nothing changes the watcher sends nothing in most minutes:
each of its four watches is begun again every 5 minutes, and every 10 all is listed, with some 25 requests; in
the long run that is three or four a minute. The goals are for 2 cores.

"""


def rows(ours: Ours, polled: Polled) -> list[Row]:
    """What the table shows."""
    return [
        _alone("hook serves all, from its Pod's start to its end", "s", [ours.seconds], at_most=90),
        _beside("all served from nothing", "s", [ours.seconds], [polled.seconds]),
        _beside("API requests for that", "requests", [ours.requests], [polled.requests]),
        _beside("API requests when nothing changes, in two minutes", "1/min", [ours.per_minute], [polled.per_minute]),
        _alone("a new namespace is served, median", "s", ours.newcomers, at_most=2),
        Row(f"a new namespace is served, worst of {NEWCOMERS}", "s", max(ours.newcomers), max(ours.newcomers)),
        _beside("a new namespace is served, median", "s", ours.newcomers, polled.newcomers),
        _alone("memory of the watcher, resident", "MiB", [ours.memory["resident"]], at_most=48),
        _alone("memory of the watcher, resident, at its most", "MiB", [ours.memory["at most"]], at_most=48),
        _alone("memory of the watcher's container", "MiB", [ours.memory["container"]], at_most=48),
        _alone("helm uninstall takes all of it back, the slower of two", "s", [max(ours.uninstalls)], at_most=90),
        _alone("ServiceAccounts that uninstall left different", "", [ours.changed_of_others], at_most=0),
        _alone("answers 429 or 5xx of the API server, to anybody", "", [ours.ill_answers], at_most=0),
    ]


def _alone(what: str, unit: str, values: list[float], at_most: float) -> Row:
    value = statistics.median(values)
    return Row(what, unit, value, value, at_most=at_most, samples={"values": values})


def _beside(what: str, unit: str, values: list[float], others: list[float]) -> Row:
    value, other = statistics.median(values), statistics.median(others)
    return Row(what, unit, value, value / other, PEER, other, samples={"values": values, "peers": others})
