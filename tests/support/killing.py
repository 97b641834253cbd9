"""Work that is killed between any two of its steps, as a power cut would: in a process of its own, with SIGKILL.

A step is a statement or a commit at the database, or a file that is opened to be written, named, renamed, linked
or removed. The process is killed before the step is done.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable

import sqlalchemy as sa

FILE_STEPS = frozenset({"os.rename", "os.link", "os.remove", "os.mkdir", "os.truncate"})


def killed_at(step: int, work: Callable[[], None]) -> bool:
    """Do the work in a child that dies before the step of that number (from 1); False where it came to its end.

    The work opens its own database: a connection must not be used on both sides of a fork.
    """

    def at_once(count: Callable[[], None]) -> None:
        count()
        work()

    return killed_within(step, at_once)


def killed_within(step: int, work: Callable[[Callable[[], None]], None]) -> bool:
    """The same for work that calls what it is given when its steps begin to count."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work(lambda: _count_to(step))
            code = 0
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the work failed by itself"
    return False


def in_a_child(work: Callable[[], None]) -> None:
    """Do the work in a child that lives: threads that it leaves behind are none of a later fork's."""
    killed_within(0, lambda _count: work())


def _count_to(step: int) -> None:
    left = step

    def one() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_audit(event: str, arguments: tuple[object, ...]) -> None:
        writes = (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if event in FILE_STEPS or writes:
            one()

    sys.addaudithook(on_audit)
    sa.event.listen(sa.Engine, "before_cursor_execute", lambda *_: one())
    sa.event.listen(sa.Engine, "commit", lambda _: one())
