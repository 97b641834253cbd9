"""The program: `scribe`, and `python -m scribe`, which is the same.

The server is begun anew with a heap that overwrites what is freed, before anything else is loaded.
"""

from __future__ import annotations

import sys

from scribe.hardening import restart_with_wiping_heap


def main() -> None:
    """The command line."""
    if sys.argv[1:2] == ["serve"]:
        restart_with_wiping_heap()
    from scribe.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
