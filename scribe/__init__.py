"""From a session's sound to a signed note: the server, its store, its page and its command line."""
