"""A Stagedoor that serves the demo's company over simulated AWS, for judges that are written in Python."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "crates/stagedoor/src/demo"

PATIENCE = 30.0


@dataclass
class Server:
    """A server that listens, and how to reach it."""

    program: str
    url: str
    environment: dict

    def token(self, name: str, scopes: str) -> str:
        """Makes a token with these scopes."""
        return subprocess.run(
            [self.program, "token", "create", name, "--scope", scopes, "--for", "1h"],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()


def demo_map() -> str:
    """The demo's map, without the identity provider whose metadata the demo makes."""
    text = (DEMO / "access.yaml").read_text()
    return re.sub(r"(?m)^identity_providers:\n(?:[ #].*\n|\n)+", "", text)


@contextmanager
def served(program: str, folder: Path, access_map: str, *options: str):
    """Starts simulated AWS and a server on it by this map, gives the server, and ends both by their
    process ids. A server that died or panicked ends everything."""
    # Whoever stops this stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("stagedoor.db*"):
        old.unlink()
    (folder / "access.yaml").write_text(access_map)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKIATESTEXAMPLE00000",
        "AWS_SECRET_ACCESS_KEY": "anything",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_COLOR": "1",
    }
    log = folder / "serve.log"
    started = []
    try:
        sandbox, address = begin(
            [program, "sandbox", "--listen", "127.0.0.1:0", "--seed", str(DEMO / "seed.yaml")],
            environment,
            folder / "sandbox.log",
            r"AWS_ENDPOINT_URL=(http://\S+)",
        )
        started.append(sandbox)
        environment["AWS_ENDPOINT_URL"] = address
        environment["STAGEDOOR_MAP"] = str(folder / "access.yaml")
        environment["STAGEDOOR_STORE"] = str(folder / "stagedoor.db")
        server, url = begin(
            [program, "serve", "--listen", "127.0.0.1:0", *options],
            environment,
            log,
            r"listens on (http://[^\s,]+)",
        )
        started.append(server)
        yield Server(program, url, environment)
        if server.poll() is not None or "panicked" in log.read_text():
            sys.exit(f"the server died or panicked:\n{log.read_text()}")
    finally:
        for process in reversed(started):
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def begin(arguments, environment, log: Path, pattern: str):
    """Starts a server, and gives it with what it says of itself that the pattern asks for."""
    with log.open("w") as out:
        process = subprocess.Popen(
            arguments, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := re.search(pattern, log.read_text()):
            return process, found.group(1)
        if process.poll() is not None:
            break
        time.sleep(0.05)
    process.kill()
    sys.exit(f"{arguments[1]} did not start:\n{log.read_text()}")
