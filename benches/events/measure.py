"""Runs a command and prints its wall time, its greatest resident set and its exit status.

    python -I -S measure.py LOG COMMAND [ARGUMENT ...]

One line: seconds, KiB, status. The command's output goes to the file LOG. The time is from just
before the process is made until it has been waited for. The kernel hands the maker's own resident
set on to a new process as its first peak, hence no module beyond what is needed here; a peak that
is not above it is an error, for it says nothing about the command.
"""

import os
import resource
import sys
import time

log, command = sys.argv[1], sys.argv[2:]
output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
actions = [
    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
    (os.POSIX_SPAWN_DUP2, output, 1),
    (os.POSIX_SPAWN_DUP2, output, 2),
]
own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
if usage.ru_maxrss <= own:
    sys.exit(f"the peak of {usage.ru_maxrss} KiB is not above the {own} KiB of this script")
print(f"{seconds:.6f} {usage.ru_maxrss} {os.waitstatus_to_exitcode(status)}")
