"""Sends the API what its document allows, and what it does not, and judges every answer.

    run.py STAGEDOOR SCHEMATHESIS FOLDER

Starts the simulated AWS and a server on it, makes a token with every scope, and runs schemathesis
against `/api/v1/openapi.json`. Everything it starts it ends, by process id. FOLDER is for the map, the
store and the logs.
"""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from served import demo_map, served  # noqa: E402

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


def main() -> int:
    stagedoor, schemathesis, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    with served(stagedoor, folder, demo_map(), "--api-limit", "1000000") as server:
        token = server.token("fuzz", "see,audit,act")
        return subprocess.run(
            [
                schemathesis,
                "run",
                f"{server.url}/api/v1/openapi.json",
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
            env=server.environment,
            cwd=folder,
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
