"""Reads what the configuration of CNCF distribution says about a bucket.

Source: registry/storage/driver/s3-aws/s3.go of distribution, FromParameters.
"""

from __future__ import annotations

from collections.abc import Mapping

from privreg_values.migrate.found import Found
from privreg_values.values.nodes import Mark, Path, Value

DRIVERS = ("s3", "s3aws")
Leaves = Mapping[Path, tuple[Value, Mark]]

_STORAGE = [("storage", name) for name in DRIVERS]
_SAME = {"bucket": "bucket", "region": "region", "encrypt": "encrypt"}
_TRUE = ("1", "t", "true")
# What is read below, or what the chart's defaults are like.
_KNOWN = {*_SAME, "regionendpoint", "forcepathstyle", "secure", "rootdirectory", "accesskey", "secretkey"}


def has(path: Path) -> bool:
    """Tell whether a value of the configuration is about a bucket."""
    return path[:2] in _STORAGE


def knows(path: Path) -> bool:
    """Tell whether such a value is among those that are taken over."""
    return has(path) and (len(path) < 3 or path[2] in _KNOWN)


def read(leaves: Leaves, driver: str, mark: Mark, found: Found) -> None:
    """Take a bucket over; its objects stay where they are.

    Args:
        leaves: The configuration's values, by path.
        driver: Its storage driver.
        mark: Where that is.
        found: Where it goes.
    """
    _Bucket(
        {str(path[2]): leaf for path, leaf in leaves.items() if path[:2] == ("storage", driver) and path[2:]}, found
    ).read(mark, leaves)


class _Bucket:
    def __init__(self, leaves: Mapping[str, tuple[Value, Mark]], found: Found) -> None:
        self.leaves, self.found = leaves, found

    def read(self, mark: Mark, all_leaves: Leaves) -> None:
        self.found.take(("storage", "type"), "s3", mark)
        for key, name in _SAME.items():
            if key in self.leaves and (value := self.leaves[key][0]) not in (None, ""):
                self._take(name, _flag(value) if key == "encrypt" else str(value), key)
        self._endpoint()
        if root := str(self.leaves.get("rootdirectory", ("", mark))[0] or "").strip("/"):
            self._take("rootDirectory", root, "rootdirectory")
        self._keys(mark)
        redirect = all_leaves.get(("storage", "redirect", "disable"))
        if not (redirect and _flag(redirect[0])):
            self.found.take(("storage", "s3", "redirect"), True, redirect[1] if redirect else mark)

    def _take(self, name: str, value: Value, key: str) -> None:
        self.found.take(("storage", "s3", name), value, self.leaves[key][1])

    def _endpoint(self) -> None:
        """Take the store's address over; the old registry took it without a scheme, too."""
        address = str(self.leaves.get("regionendpoint", ("", None))[0] or "")
        if not address:
            return
        if "://" not in address:
            secure = self.leaves.get("secure", (True, None))[0]
            address = f"{'https' if _flag(secure) else 'http'}://{address}"
        self._take("regionEndpoint", address, "regionendpoint")
        # Unsaid it is true with an endpoint: so the driver has it, and so has the chart.
        if (style := self.leaves.get("forcepathstyle", (None, None))[0]) not in (None, ""):
            self._take("forcePathStyle", _flag(style), "forcepathstyle")

    def _keys(self, mark: Mark) -> None:
        access, secret = (str(self.leaves.get(key, ("", mark))[0] or "") for key in ("accesskey", "secretkey"))
        if access and secret:
            self._take("accessKey", access, "accesskey")
            self._take("secretKey", secret, "secretkey")
        else:
            self.found.lose(
                mark,
                "the keys of the bucket: there are none here",
                "nothing to do where a role is meant (serviceAccount.annotations); otherwise set storage.s3.accessKey "
                "and secretKey, or storage.s3.existingSecret",
            )


def _flag(value: Value) -> bool:
    return value is True or str(value).lower() in _TRUE
