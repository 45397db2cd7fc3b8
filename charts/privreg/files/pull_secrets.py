"""Deliver the registry's pull Secret to namespaces, keep it there, and take it back.

    pull_secrets.py deliver  --settings FILE                    once, to all that are chosen now
    pull_secrets.py watch    --settings FILE                    for ever, also to those that come later
    pull_secrets.py retire   --settings FILE --target FILE      what FILE delivered and the next settings will not
    pull_secrets.py withdraw --settings FILE                    everything

The one program of this chart with rights in the cluster; standard library only:

    pull_secrets.py     the commands                  delivery.py         one namespace, and what is ours there
    choosing.py         which namespaces are served   kubernetes_api.py   the client
    docker_config.py    whose login it holds
    reconciling.py      what has to be written        watching.py         what comes later

Its rights are in templates/pull-secrets/_rights.tpl. The credential comes from a Secret in the release's
namespace; it goes to the API server and nowhere else. Exit codes: 0 done; 1 something failed, which another try may
mend; 2 wrong usage; 3 with "strict": something was refused, as it will be again.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from choosing import Settings, SettingsError
from delivery import Place, SourceError, read_credential, secret_path
from kubernetes_api import Api, ApiError, Pace
from reconciling import Connect, delivery_plan, reconcile, retirement_plan, withdrawal_plan
from watching import Watcher

FAILED, REFUSED = 1, 3  # exit codes
REQUESTS_PER_SECOND = 150.0  # at most; an API server that has too much to do says so (429), and is waited for
LINES = 20  # namespaces that are told of one by one
ACCOUNT_WAIT = 30.0  # seconds; a new namespace gets its ServiceAccount `default` a moment later
RIGHTS_WAIT = 10.0  # seconds
STOP_WAIT = 60.0  # seconds for the watcher's Pod to go; on a node that is away it does not


def deliver(api: Api, connect: Connect, settings: Settings) -> int:
    """Serve all that are chosen; returns the exit code."""
    plan = delivery_plan(settings, read_credential(api, settings))
    places = {place.namespace: place for place in reconcile(api, connect, settings, plan)}
    deadline = time.monotonic() + ACCOUNT_WAIT
    while (late := lacking_default(settings, places.values())) and time.monotonic() < deadline:
        time.sleep(0.5)
        for place in reconcile(api, connect, settings, plan, late):
            place.done[:0] = places[place.namespace].done
            places[place.namespace] = place
    if not settings.everywhere:
        for place in places.values():
            missing = [name for name in settings.named_accounts if name not in place.there]
            place.refused += [f"ServiceAccount {name} does not exist" for name in missing if place.served]
    gone = [Place(name, wanted=True, refused=["does not exist"]) for name in settings.named if name not in places]
    return report([*places.values(), *gone], strict=settings.strict)


def lacking_default(settings: Settings, places: Iterable[Place]) -> list[str]:
    """The namespaces whose ServiceAccount `default` is chosen and not made yet."""
    if "default" not in settings.named_accounts:
        return []
    return [place.namespace for place in places if place.served and "default" not in place.there]


def retire(connect: Connect, before: Path, target: Settings) -> int:
    """Take back what the settings in `before` delivered and `target` will not; returns the exit code."""
    try:
        settings = Settings.read(before)
    except SettingsError as error:  # no release before, or one of a chart that had other settings
        print(f"nothing is taken back: {error}")
        return 0
    if settings.delivers_like(target) or not (settings.named or settings.everywhere):
        print("nothing to take back")
        return 0
    with connect() as api:
        wait_for_rights(api, settings)
        stop_watcher(api, settings)  # it would bring back what is taken away
        try:
            return report(reconcile(api, connect, settings, retirement_plan(settings, target)))
        except ApiError as error:
            if error.status != 403:
                raise
            print(f"nothing is taken back: {error}")  # settings of an upgrade that failed before it gave the rights
            return 0


def withdraw(api: Api, connect: Connect, settings: Settings) -> int:
    """Take back everything; returns the exit code."""
    wait_for_rights(api, settings)
    stop_watcher(api, settings)
    return report(reconcile(api, connect, settings, withdrawal_plan(settings)))


def wait_for_rights(api: Api, settings: Settings) -> None:
    """Return when the API server knows our rights: one that has just started forbids what it will soon allow.

    What is forbidden after that has no right, as in a namespace that was deleted, and will have none.
    """
    deadline = time.monotonic() + RIGHTS_WAIT
    while time.monotonic() < deadline:
        try:
            api.get(secret_path(settings.release_namespace, settings.source_secret))
        except ApiError as error:
            if error.status == 403:
                time.sleep(0.5)
                continue
        return


def stop_watcher(api: Api, settings: Settings) -> None:
    """Delete what delivers beside this program, and wait until its last Pod has gone."""
    if not settings.watcher:
        return
    try:
        api.delete_with_dependents(settings.watcher)
    except ApiError as error:
        if error.status != 403:
            raise
        print(f"{settings.watcher}: there is no right to stop it, as where it was never made; going on")
        return
    deadline = time.monotonic() + STOP_WAIT
    while api.get(settings.watcher) is not None:
        if time.monotonic() > deadline:
            print(f"{settings.watcher}: is still there after {STOP_WAIT:.0f} s; going on")
            return
        time.sleep(0.2)


def report(places: Sequence[Place], *, strict: bool = False) -> int:
    """Say what came of it; returns the exit code. With `strict` a refusal counts as a failure."""
    served = sum(place.served for place in places)
    for place in places:
        if place.refused or place.failed or (len(places) <= LINES and (place.done or place.wanted)):
            print(place if place.done or place.refused or place.failed else f"{place}nothing to do")
    numbers = [
        f"namespaces served: {served}",
        f"changed: {sum(bool(place.done) for place in places)}",
        f"refused: {sum(bool(place.refused) for place in places)}",
        f"failed: {sum(bool(place.failed) for place in places)}",
    ]
    print("; ".join(numbers), flush=True)
    if any(place.failed for place in places):
        return FAILED
    return REFUSED if strict and any(place.refused for place in places) else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Deliver the registry's pull Secret, keep it there, take it back.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("deliver", "watch", "retire", "withdraw"):
        command = commands.add_parser(name)
        command.add_argument("--settings", type=Path, required=True, metavar="FILE")
        if name == "retire":
            command.add_argument("--target", type=Path, required=True, metavar="FILE")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None, connect: Connect | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = parse(arguments)
    pace = Pace(REQUESTS_PER_SECOND)
    connect = connect or (lambda: Api.in_cluster(pace))
    try:
        if options.command == "retire":
            return retire(connect, options.settings, Settings.read(options.target))
        settings = Settings.read(options.settings)
        with connect() as api:
            if options.command == "deliver":
                return deliver(api, connect, settings)
            if options.command == "withdraw":
                return withdraw(api, connect, settings)
        Watcher(connect, settings, lambda line: print(line, flush=True)).run()
    except (SettingsError, SourceError, ApiError) as error:
        print(f"pull_secrets.py: {error}", file=sys.stderr)
    return FAILED


if __name__ == "__main__":
    # As the first process of a container it would ignore SIGTERM without a handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
