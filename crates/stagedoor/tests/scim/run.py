"""Lets scim2-tester judge the SCIM server of a running Stagedoor: every check must be a success.

    run.py STAGEDOOR FOLDER

Starts the simulated AWS and a server on it whose map has one directory, pushed by SCIM; makes a token,
and runs every check that there is. Everything it starts it ends, by process id. FOLDER is for the map,
the store and the logs.
"""

import re
import sys
from collections import Counter
from pathlib import Path

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from served import PATIENCE, demo_map, served  # noqa: E402

# Fewer than these were never there: a server that says it serves nothing is checked for nothing.
LEAST = 100


def pushed_map() -> str:
    """The demo's map, whose people are pushed."""
    text, replaced = re.subn(
        r"(?m)^directory:\n(?:[ #].*\n)+", "directory: { scim: {} }\n", demo_map()
    )
    assert replaced == 1, "the demo's map names its directory otherwise"
    return text


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
    with served(sys.argv[1], Path(sys.argv[2]), pushed_map()) as server:
        return judge(server.url, server.token("tester", "scim"))


if __name__ == "__main__":
    sys.exit(main())
