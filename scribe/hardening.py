"""The process made tight before it hears anything: no image on disk, no reader but root, no copies in freed memory.

Each is a wish to the operating system, made once at the start; what is not granted is said, never assumed. Linux
with glibc grants all of it. The ring that audio rests in is locked into memory by `asr.ring`.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

if sys.platform != "win32":
    import resource

M_ARENA_MAX = -8
M_PERTURB = -6
"""glibc's malloc.h."""

PR_GET_DUMPABLE = 3
PR_SET_DUMPABLE = 4
"""Linux' prctl.h."""

FILL = 0xFF
"""What freed memory is filled with; glibc fills new memory with the complement, here zeros."""

_ALLOCATOR = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
"""What only a new process can be given: Python's own heap of small objects, and glibc's cache of small pieces for
each thread, keep what was freed as it was. An Opus packet or 20 ms of a telephone's sound is such a small piece."""


def restart_with_wiping_heap() -> None:
    """Begin this process anew, once, with a heap that can overwrite what is freed; returns where that is not needed.

    To be called before anything else: what was done so far is lost. The process keeps its id, files and terminal.
    """
    if _mallopt() is None or not sys.orig_argv or not sys.executable or _heap_can_wipe():
        return
    given = os.environ.get("GLIBC_TUNABLES")
    tunables = f"{given}:{_ALLOCATOR['GLIBC_TUNABLES']}" if given else _ALLOCATOR["GLIBC_TUNABLES"]
    environment = {**os.environ, **_ALLOCATOR, "GLIBC_TUNABLES": tunables}
    # Who may not be begun anew goes on as it is; `overwrite_freed_memory` will say what lacks.
    with suppress(OSError):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - ourselves


def harden() -> Sequence[str]:
    """Ask for all that must come before models and audio; a sentence for each thing that was not granted."""
    os.umask(0o077)  # whatever this process makes, its owner alone can read
    _limit_arenas()
    _allow_locking()
    missing = []
    if not _no_core():
        missing.append("core dumps cannot be switched off")
    if not _unreadable():
        missing.append("other programs of the same user may read this server's memory")
    return missing


def overwrite_freed_memory() -> bool:
    """Whether memory is overwritten from now on when it is freed.

    To be called when the models are loaded and before any audio. glibc fills what it gives out, too, and a model's
    loader asks for far more than it touches: 650 MB of a Whisper of 75 MB.
    """
    mallopt = _mallopt()
    return mallopt is not None and _heap_can_wipe() and mallopt(M_PERTURB, FILL) == 1


def _heap_can_wipe() -> bool:
    return os.environ.get("PYTHONMALLOC") == _ALLOCATOR["PYTHONMALLOC"] and _ALLOCATOR[
        "GLIBC_TUNABLES"
    ] in os.environ.get("GLIBC_TUNABLES", "").split(":")


def _mallopt() -> Callable[[int, int], int] | None:
    """glibc's; other C libraries have no such call."""
    if sys.platform != "linux":
        return None
    found: Any = getattr(ctypes.CDLL(None), "mallopt", None)
    return found if "glibc" in (os.confstr("CS_GNU_LIBC_VERSION") or "") else None


def _limit_arenas() -> None:
    """Two heaps for all threads instead of one for each: what one thread freed serves the next.

    Measured over 2.6 simulated hours of one session: 421 instead of 611 MB, and no growth after the first quarter
    of an hour.
    """
    mallopt = _mallopt()
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 2)


def lockable_bytes() -> int | None:
    """How much memory this process may lock altogether; None where there is no limit."""
    if sys.platform == "win32":
        return 0
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def _allow_locking() -> None:
    if sys.platform != "win32":
        most = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (most, most))


def _no_core() -> bool:
    if sys.platform == "win32":
        return False
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def _unreadable() -> bool:
    """No core dump even through a program (which RLIMIT_CORE does not stop: core(5)), no ptrace by the same user."""
    if sys.platform != "linux":
        return False
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    return int(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)) == 0
