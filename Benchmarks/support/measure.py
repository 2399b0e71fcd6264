"""Runs one program and measures what it and everything it started cost."""

import ctypes
import os
import signal
import tempfile
import time

PR_SET_CHILD_SUBREAPER = 36
TIME = "/usr/bin/time"


class Usage:
    """What a run cost: seconds of wall and processor time, peak bytes, and how it ended."""

    def __init__(self):
        self.status = 0
        # From the start until the program returned.
        self.wall = 0.0
        self.user = self.system = 0.0
        # Zero where it was not asked for.
        self.peak = 0
        # Seconds for which something the program had started outlived it.
        self.afterwards = 0.0
        self.message = ""

    @property
    def cpu(self):
        return self.user + self.system


def adopt_orphans():
    """Makes this process the parent of what its children leave behind, so that it can wait for it
    (prctl(2), PR_SET_CHILD_SUBREAPER)."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def run(command, timeout=300, with_peak=False):
    """Runs the command to the end, and then waits for the processes that it has left behind: their
    processor time counts, too.

    With `with_peak`, the command is started by time(1), because Linux counts the memory of the
    process that calls execve into the peak of the program that it becomes: this interpreter's 17 MB
    would be the least that could be measured. The times then have time(1) in them.
    """
    adopt_orphans()
    usage = Usage()
    with tempfile.TemporaryFile() as errors, tempfile.NamedTemporaryFile() as peak:
        words = command
        if with_peak:
            words = [TIME, "--quiet", "--format=%M", "--output=" + peak.name, *command]
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, errors.fileno(), 2),
        ]
        child = None
        previous = signal.signal(signal.SIGALRM, lambda *_: child and os.kill(child, signal.SIGKILL))
        signal.alarm(timeout)
        try:
            start = time.perf_counter()
            child = os.posix_spawn(words[0], words, os.environ, file_actions=actions)
            returned = None
            while True:
                process, status, resources = os.wait4(-1, 0)
                if process == child:
                    returned = time.perf_counter()
                    usage.wall = returned - start
                    usage.status = os.waitstatus_to_exitcode(status)
                else:
                    if with_peak:
                        usage.peak = max(usage.peak, resources.ru_maxrss * 1024)
                    if returned:
                        usage.afterwards = time.perf_counter() - returned
                usage.user += resources.ru_utime
                usage.system += resources.ru_stime
        except ChildProcessError:
            # Nothing is left to be waited for.
            pass
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, previous)
        if with_peak:
            usage.peak = max(usage.peak, int(peak.read() or b"0") * 1024)
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
        usage.message = " / ".join(lines[:2])[:300]
    return usage
