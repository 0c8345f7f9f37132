"""Lets scim2-tester judge the SCIM server of a running Stagedoor: every check must be a success.

    run.py STAGEDOOR FOLDER

Starts the simulated AWS and a server on it whose map has one directory, pushed by SCIM; makes a token,
and runs every check that there is. Everything it starts it ends, by process id. FOLDER is for the map,
the store and the logs.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

ROOT = Path(__file__).resolve().parents[4]
DEMO = ROOT / "crates/stagedoor/src/demo"

# Fewer than these were never there: a server that says it serves nothing is checked for nothing.
LEAST = 100

PATIENCE = 30.0


def access_map(folder: Path) -> Path:
    """The demo's map, whose people are pushed."""
    text = (DEMO / "access.yaml").read_text()
    text = re.sub(r"(?m)^identity_providers:\n(?:[ #].*\n|\n)+", "", text)
    text, replaced = re.subn(r"(?m)^directory:\n(?:[ #].*\n)+", "directory: { scim: {} }\n", text)
    assert replaced == 1, "the demo's map names its directory otherwise"
    path = folder / "access.yaml"
    path.write_text(text)
    return path


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


def judge(url: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=f"{url}/scim/v2", headers=headers, timeout=PATIENCE) as http:
        results = check_server(SyncSCIMClient(http))
    counts = Counter(result.status.name for result in results)
    failed = [result for result in results if result.status is not Status.SUCCESS]
    for result in failed:
        print(f"{result.status.name} {result.title} ({result.resource_type}): {result.reason}")
    print(f"scim2-tester: {len(results)} checks, {dict(counts)}")
    if len(results) < LEAST:
        print(f"these are fewer than {LEAST}")
    return 1 if failed or len(results) < LEAST else 0


def main() -> int:
    # Whoever stops this stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stagedoor, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("stagedoor.db*"):
        old.unlink()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKIATESTEXAMPLE00000",
        "AWS_SECRET_ACCESS_KEY": "anything",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_COLOR": "1",
    }
    sandbox, address = begin(
        [stagedoor, "sandbox", "--listen", "127.0.0.1:0", "--seed", str(DEMO / "seed.yaml")],
        environment,
        folder / "sandbox.log",
        r"AWS_ENDPOINT_URL=(http://\S+)",
    )
    started = [sandbox]
    try:
        environment["AWS_ENDPOINT_URL"] = address
        environment["STAGEDOOR_MAP"] = str(access_map(folder))
        environment["STAGEDOOR_STORE"] = str(folder / "stagedoor.db")
        server, url = begin(
            [stagedoor, "serve", "--listen", "127.0.0.1:0"],
            environment,
            folder / "serve.log",
            r"listens on (http://[^\s,]+)",
        )
        started.append(server)
        token = subprocess.run(
            [stagedoor, "token", "create", "tester", "--scope", "scim", "--for", "1h"],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        verdict = judge(url, token)
        if server.poll() is not None or "panicked" in (folder / "serve.log").read_text():
            sys.exit(f"the server died or panicked:\n{(folder / 'serve.log').read_text()}")
        return verdict
    finally:
        for process in reversed(started):
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


if __name__ == "__main__":
    sys.exit(main())
