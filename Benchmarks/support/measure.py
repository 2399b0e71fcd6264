"""Runs one program and measures what it and everything it started cost."""

import ctypes
import os
import signal
import tempfile
import time

PR_SET_CHILD_SUBREAPER = 36
TIME = "/usr/bin/time"


class Usage:
    """What a run cost: seconds of processor time, peak bytes, and how it ended."""

    def __init__(self):
        self.status = 0
        self.user = self.system = 0.0
        self.peak = 0
        # Seconds for which something the program had started outlived it.
        self.afterwards = 0.0
        self.message = ""


def adopt_orphans():
    """Makes this process the parent of what its children leave behind, so that it can wait for it
    (prctl(2), PR_SET_CHILD_SUBREAPER)."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def run(command, timeout=300):
    """Runs the command to the end, and then waits for the processes that it has left behind.

    The command is started by time(1), because Linux counts the memory of the process that calls
    execve into the peak of the program that it becomes: this interpreter's 17 MB would be the least
    that could be measured.
    """
    adopt_orphans()
    usage = Usage()
    with tempfile.TemporaryFile() as errors, tempfile.NamedTemporaryFile() as peak:
        words = [TIME, "--quiet", "--format=%M", "--output=" + peak.name, *command]
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, errors.fileno(), 2),
        ]
        child = os.posix_spawn(TIME, words, os.environ, file_actions=actions)
        previous = signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
        signal.alarm(timeout)
        returned = None
        try:
            while True:
                process, status, resources = os.wait4(-1, 0)
                usage.user += resources.ru_utime
                usage.system += resources.ru_stime
                if process == child:
                    returned = time.monotonic()
                    usage.status = os.waitstatus_to_exitcode(status)
                else:
                    usage.peak = max(usage.peak, resources.ru_maxrss * 1024)
        except ChildProcessError:
            usage.afterwards = time.monotonic() - returned
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, previous)
        usage.peak = max(usage.peak, int(peak.read() or b"0") * 1024)
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
        usage.message = " / ".join(lines[:2])[:300]
    return usage
