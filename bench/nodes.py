"""Many nodes that pull the same image at once, in one asyncio program.

A node asks for the manifest, with its credential as soon as it is asked for one, then for the configuration and
the layers over three connections, as containerd and Docker do. Bytes are counted, not hashed or unpacked:
that costs the same whoever sends them, and would hide the difference.
"""

import asyncio
import json
import time
from typing import Any

from bench.errors import BenchError
from bench.image import MANIFEST_TYPE, Image
from bench.site import Door

CONNECTIONS = 3  # of each node
PATIENCE = 120.0  # seconds for all of it


def pull_all(door: Door, image: Image, nodes: int) -> float:
    """How many seconds it takes until `nodes` nodes have `image`.

    Raises:
        BenchError: an answer was not what it should be, or it took longer than PATIENCE.
    """
    return asyncio.run(_pull_all(door, image, nodes))


async def _pull_all(door: Door, image: Image, nodes: int) -> float:
    started = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(_pull(door, image) for _ in range(nodes)))
    except TimeoutError:
        raise BenchError(f"{door.name}: {nodes} pulls took more than {PATIENCE:.0f} s") from None
    return time.monotonic() - started


async def _pull(door: Door, image: Image) -> None:
    first = await _Connection.open(door)
    status, body = await first.get(image.manifest, None)
    authorization = None
    if status == 401:
        authorization = door.authorization
        status, body = await first.get(image.manifest, authorization)
    if status != 200:
        raise BenchError(f"{door.name}: GET {image.manifest}: {status} {body.decode()}")
    manifest: dict[str, Any] = json.loads(body)
    wanted = [manifest["config"], *manifest["layers"]]
    others = [await _Connection.open(door) for _ in range(CONNECTIONS - 1)]
    await asyncio.gather(*(_fetch(connection, image, wanted, authorization) for connection in (first, *others)))


async def _fetch(
    connection: "_Connection", image: Image, wanted: list[dict[str, Any]], authorization: str | None
) -> None:
    """Get blobs until none is wanted any more."""
    while wanted:
        blob = wanted.pop()
        status, body = await connection.get(f"/v2/{image.repository}/blobs/{blob['digest']}", authorization)
        if status != 200 or connection.received != blob["size"]:
            raise BenchError(f"GET of a blob: {status}, {connection.received} of {blob['size']} bytes {body.decode()}")
    connection.close()


class _Connection(asyncio.Protocol):
    """HTTP/1.1 as far as a registry's answers need it: a status, a Content-Length and a body.

    Attributes:
        received: the size of the last body, in bytes.
    """

    KEEP = 16384  # bodies up to this size are returned, of others only the size

    def __init__(self) -> None:
        self.received = 0
        self._length = 0
        self._status = 0
        self._head = bytearray()
        self._body = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport

    @classmethod
    async def open(cls, door: Door) -> "_Connection":
        """Connect to `door`."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", door.port)
        return connection

    async def get(self, path: str, authorization: str | None) -> tuple[int, bytes]:
        """GET `path`; returns the status, and the body if it is a small one."""
        credential = f"Authorization: {authorization}\r\n" if authorization else ""
        self._head.clear()
        self._answer = asyncio.get_running_loop().create_future()
        request = f"GET {path} HTTP/1.1\r\nHost: registry.privreg.test\r\nAccept: {MANIFEST_TYPE}\r\n{credential}\r\n"
        self._transport.write(request.encode())
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """More of the answer has come."""
        if not self._head.endswith(b"\r\n\r\n"):
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            data = bytes(self._head[end + 4 :])
            del self._head[end + 4 :]
            self._begin()
        self.received += len(data)
        if self._length <= self.KEEP:
            self._body += data
        if self.received >= self._length and self._answer:
            self._answer.set_result((self._status, bytes(self._body)))
            self._answer = None

    def connection_lost(self, error: Exception | None) -> None:
        """The other side hung up."""
        if self._answer and not self._answer.done():
            self._answer.set_exception(BenchError(f"the connection was lost: {error or 'closed'}"))

    def _begin(self) -> None:
        lines = self._head.decode("latin-1").lower().split("\r\n")
        self._status = int(lines[0].split()[1])
        self._length = int(next(line for line in lines if line.startswith("content-length:")).split(":")[1])
        self.received = 0
        self._body.clear()
