"""`python -m scribe` is the same as `scribe`."""

from scribe.cli import main

main()
