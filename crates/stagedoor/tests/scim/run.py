"""Lets scim2-tester and scim-sanity judge the SCIM server of a running Stagedoor: every check must be a
success, but for what scim-sanity wants otherwise than the RFC.

    run.py STAGEDOOR FOLDER

Starts the simulated AWS and a server on it whose map has one directory, pushed by SCIM; makes a token,
and runs every check that there is of each. Everything it starts it ends, by process id. FOLDER is for the map,
the store and the logs.
"""

import json
import re
import subprocess
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

# What scim-sanity wants otherwise. RFC 7644 section 3.5.2 lets a PATCH answer 204, which Entra ID expects
# of groups; and a member has to be there, which scim-sanity's is not: rights hang on who is in a group.
OTHERWISE = {
    "PATCH /Groups/{id}": "Expected HTTP 200, got 204 (RFC 7644 §3.3); Response body is empty",
    "PATCH /Groups/{id} add member": "Expected 200, got 400",
    "PATCH /Groups/{id} remove members": "Expected 200, got 204",
}

# It has checks of resources that are of a draft and not served.
SKIPPED = 3

LEAST_OF_SANITY = 25


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


def judge_sanity(url: str, token: str) -> int:
    command = [sys.executable, "-m", "scim_sanity", "probe", f"{url}/scim/v2", "--token", token]
    ended = subprocess.run(
        [*command, "--json-output", "--i-accept-side-effects"],
        capture_output=True,
        text=True,
        timeout=PATIENCE * 4,
    )
    results = json.loads(ended.stdout)["results"]
    counts = Counter(result["status"] for result in results)
    print(f"scim-sanity: {len(results)} checks, {dict(counts)}")
    failed = {
        result["name"]: result.get("message", "")
        for result in results
        if result["status"] not in ("pass", "skip")
    }
    if failed != OTHERWISE:
        print(f"it fails {failed}, and not {OTHERWISE}")
    if counts["skip"] != SKIPPED or counts["pass"] < LEAST_OF_SANITY:
        print(f"{SKIPPED} are to be skipped and at least {LEAST_OF_SANITY} to pass")
    is_good = (
        failed == OTHERWISE and counts["skip"] == SKIPPED and counts["pass"] >= LEAST_OF_SANITY
    )
    return 0 if is_good else 1


def main() -> int:
    with served(sys.argv[1], Path(sys.argv[2]), pushed_map()) as server:
        token = server.token("tester", "scim")
        return judge(server.url, token) | judge_sanity(server.url, token)


if __name__ == "__main__":
    sys.exit(main())
