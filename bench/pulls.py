"""A whole cluster pulls the same image at once, from a gateway that remembers nobody."""

from bench.image import Image
from bench.measure import Row, compare, interleave
from bench.nodes import pull_all
from bench.site import DIRECT, GATEWAY, Site

ROUNDS = 5
NODES = 200


def run(site: Site, image: Image) -> list[Row]:
    """Seconds until all have it, against the registry alone."""

    def cold() -> float:
        site.reload()
        return pull_all(GATEWAY, image, NODES)

    times = interleave(ROUNDS, {DIRECT: lambda: pull_all(DIRECT, image, NODES), GATEWAY: cold})
    what = f"{NODES} pulls at once of {len(image.layers)} layers of 1 MiB, cold cache"
    return [compare(what, "s", times[GATEWAY], DIRECT.name, times[DIRECT], at_most=1.3)]
