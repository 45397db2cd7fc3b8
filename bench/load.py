"""Clients that make load: wrk for many small requests, curl for one big one.

Credentials reach them through files that only their owner may read or through stdin, never through arguments.
"""

import json
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import BenchError
from bench.image import MANIFEST_TYPE, start_upload
from bench.site import Door
from bench.users import User

GUESSES = 5000  # different ones, over and over

_RESULT = "RESULT "
_SCRIPTS = Path(__file__).parent / "wrk"


@dataclass(frozen=True)
class Answers:
    """What wrk got.

    Attributes:
        per_second: requests in a second.
        median: of the latencies, in milliseconds.
        p99: the latency that 1 in 100 exceeds, in milliseconds.
        wrong: answers with the status 401 in a second, where they were counted.
        failed: answers that were errors.
        lost: answers that did not come.
    """

    per_second: float
    median: float
    p99: float
    wrong: float
    failed: int
    lost: int


class Wrk:
    """wrk with one thread.

    Args:
        folder: for its scripts.
        connections: at the same time.
        seconds: how long.
    """

    def __init__(self, folder: Path, connections: int, seconds: int) -> None:
        self.folder, self.connections, self.seconds = folder, connections, seconds

    def requests(self, door: Door, path: str) -> Answers:
        """GET `path` as often as possible.

        Raises:
            BenchError: not every answer was a good one.
        """
        headers = {"Accept": MANIFEST_TYPE, **({"Authorization": door.authorization} if door.authorization else {})}
        script = "".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(text)}\n" for name, text in headers.items())
        with self._running(script, door.port, path) as process:
            answers = _read(process)
        if answers.failed or answers.lost:
            raise BenchError(f"{door.name}: {answers.failed} answers were errors and {answers.lost} did not come")
        return answers

    @contextmanager
    def guessing(self, door: Door, user: User, address: str | None) -> Iterator[Callable[[], Answers]]:
        """Guess the password of `user` all the while, from `address`, or each time from another when it is None.

        Yields:
            What stops the guesser, and tells what it got.
        """
        wrong = [replace(user, password=f"guess {number}").authorization for number in range(GUESSES)]
        script = f"guesses = {{{','.join(json.dumps(guess) for guess in wrong)}}}\n"
        script += f"address = {json.dumps(address)}\n" if address else ""

        def stop() -> Answers:
            process.send_signal(signal.SIGINT)
            return _read(process)

        with self._running(script + (_SCRIPTS / "guess.lua").read_text(), door.port, "/v2/") as process:
            yield stop

    @contextmanager
    def _running(self, script: str, port: int, path: str) -> Iterator[subprocess.Popen[str]]:
        options = ["-t1", f"-c{self.connections}", f"-d{self.seconds}", "--timeout=60s"]
        with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".lua") as file:  # of mode 0600
            file.write(script + (_SCRIPTS / "result.lua").read_text())
            file.flush()
            process = subprocess.Popen(
                ["wrk", *options, "-s", file.name, f"http://127.0.0.1:{port}{path}"], stdout=subprocess.PIPE, text=True
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait()


def _read(process: subprocess.Popen[str]) -> Answers:
    """Wait until wrk has ended; what its script wrote."""
    output, _ = process.communicate()
    for line in output.splitlines():
        if line.startswith(_RESULT):
            return Answers(**json.loads(line.removeprefix(_RESULT)))
    raise BenchError(f"wrk: {output.strip()}")


class Curl:
    """curl with one big blob.

    Args:
        prefix: what runs it somewhere else, such as nsenter.
        host: the registry's address as seen from there.
    """

    def __init__(self, prefix: tuple[str, ...] = (), host: str = "127.0.0.1") -> None:
        self.prefix, self.host = prefix, host

    def push(self, door: Door, repository: str, file: Path, digest: str) -> float:
        """Seconds that it takes to upload `file`, in one request as most clients do it.

        Raises:
            BenchError: it was refused.
        """
        location = start_upload(door, repository)
        return self._run(door, f"{location}&digest={digest}", 201, f'upload-file = "{file}"')

    def pull(self, door: Door, repository: str, digest: str) -> float:
        """Seconds that it takes to download the blob.

        Raises:
            BenchError: it was refused.
        """
        return self._run(door, f"/v2/{repository}/blobs/{digest}", 200)

    def _run(self, door: Door, path: str, status: int, *options: str) -> float:
        lines = [
            f'url = "http://{self.host}:{door.port}{path}"',
            'output = "/dev/null"',
            "silent",
            "show-error",
            "max-time = 120",
            'write-out = "%{http_code} %{time_total}"',
            *options,
        ]
        if door.authorization:
            lines.append(f'header = "Authorization: {door.authorization}"')
        ended = subprocess.run(
            [*self.prefix, "curl", "--config", "-"],
            input="\n".join(lines),
            capture_output=True,
            text=True,
            check=False,
        )
        code, _, seconds = ended.stdout.partition(" ")
        if ended.returncode or code != str(status):
            raise BenchError(f"{door.name}: curl: {code} {ended.stderr.strip()}")
        return float(seconds)
