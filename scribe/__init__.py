"""From a session's sound to a signed note: the server, its store, its page and its command line."""

import os

import asr as asr  # settles the threads of numpy, which must come before numpy itself

# The web framework can export traces by itself; a clinical server exports nothing that was not asked for.
os.environ["FASTAPI_OTEL_AUTO_CONFIGURE"] = "false"
