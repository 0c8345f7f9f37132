"""Sends the API what its document allows, and what it does not, and judges every answer.

    run.py STAGEDOOR SCHEMATHESIS FOLDER

Starts the simulated AWS and a server on it, makes a token with every scope, and runs schemathesis
against `/api/v1/openapi.json`. Everything it starts it ends, by process id. FOLDER is for the map, the
store and the logs.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
DEMO = ROOT / "crates/stagedoor/src/demo"

# What must hold of every answer: no 5xx, only documented statuses, types and bodies, nothing without
# the token, and nothing taken that the document does not allow.
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "ignored_auth",
]

PATIENCE = 30.0


def access_map(folder: Path) -> Path:
    """The demo's map, without the identity provider whose metadata the demo makes."""
    text = (DEMO / "access.yaml").read_text()
    text = re.sub(r"(?m)^identity_providers:\n(?:[ #].*\n|\n)+", "", text)
    text += "\nadministration:\n  - { group: studio-admins, role: admin }\n"
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


def main() -> int:
    # Whoever stops this stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stagedoor, schemathesis, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
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
            [stagedoor, "serve", "--listen", "127.0.0.1:0", "--api-limit", "1000000"],
            environment,
            folder / "serve.log",
            r"listens on (http://[^\s,]+)",
        )
        started.append(server)
        token = subprocess.run(
            [stagedoor, "token", "create", "fuzz", "--scope", "see,audit,act", "--for", "1h"],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        judged = subprocess.run(
            [
                schemathesis,
                "run",
                f"{url}/api/v1/openapi.json",
                "--header",
                f"Authorization: Bearer {token}",
                "--checks",
                ",".join(CHECKS),
                "--phases",
                "examples,coverage,fuzzing",
                "--max-examples",
                "15",
                "--seed",
                "20261121",
                # Python 3.11 now and then loses count when two threads parse Python, as
                # Hypothesis does (python/cpython#106905).
                "--workers",
                "1",
                "--suppress-health-check",
                "all",
            ],
            env=environment,
            cwd=folder,
        )
        if server.poll() is not None:
            sys.exit(f"the server died:\n{(folder / 'serve.log').read_text()}")
        if "panicked" in (folder / "serve.log").read_text():
            sys.exit(f"the server panicked:\n{(folder / 'serve.log').read_text()}")
        return judged.returncode
    finally:
        for process in reversed(started):
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


if __name__ == "__main__":
    sys.exit(main())
