"""Every tracked file looked through for keys, tokens and passwords; what is known to be none is listed beside this.

Runs in the environment of `make secrets`. `--accept` writes the list anew: look at each line that it adds. The list
holds digests only. It does not look into the history.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from detect_secrets import SecretsCollection
from detect_secrets.settings import default_settings

ROOT = Path(__file__).parents[1]
KNOWN = ROOT / "scripts" / "no_secrets.json"
DATA = (".flac", ".svg", ".css")


def found() -> dict[str, dict[str, int]]:
    """Digest to line of everything that looks like a secret, by file."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [name for name in listed.stdout.split("\0") if name and not name.endswith(DATA)]
    secrets = SecretsCollection(root=str(ROOT))
    with default_settings():
        secrets.scan_files(*(name for name in files if ROOT / name != KNOWN))
    return {
        name: {secret.secret_hash: secret.line_number for secret in secrets[name]}
        for name in sorted(secrets.files)
    }


def main() -> None:
    """Compare, say where, and exit with 1 on anything new."""
    now = found()
    if sys.argv[1:] == ["--accept"]:
        KNOWN.write_text(
            json.dumps({name: sorted(digests) for name, digests in now.items()}, indent=1) + "\n"
        )
    known: dict[str, list[str]] = json.loads(KNOWN.read_text())
    strange = [
        f"{name}:{line}"
        for name, digests in now.items()
        for digest, line in digests.items()
        if digest not in known.get(name, ())
    ]
    for place in strange:
        print(f"{place} holds what looks like a secret; take it out, or say that it is none with --accept.")
    print(f"{sum(map(len, now.values()))} strings looked at, {len(strange)} of them new.")
    sys.exit(bool(strange))


if __name__ == "__main__":
    main()
