"""The pinned libraries asked after at the package index: which of them have known vulnerabilities.

Runs in the environment of `make audit-dependencies`. A finding fails; a library that the index tells nothing about is
counted and named as not audited, and does not: an index that does not answer must not stop the tests.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
SECONDS = 240


def main() -> None:
    """Ask, say, and exit with 1 on a finding."""
    command = [
        *(sys.executable, "-m", "pip_audit", "--requirement", str(CONSTRAINTS), "--no-deps", "--disable-pip"),
        *(
            "--vulnerability-service",
            "pypi",
            "--progress-spinner",
            "off",
            "--timeout",
            "10",
            "--format",
            "json",
        ),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        libraries = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        print(f"Dependencies were NOT audited: the package index did not answer within {SECONDS} s.")
        return
    except (ValueError, KeyError):
        reason = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        print(f"Dependencies were NOT audited: {reason[:300]}")
        return
    unknown = [library for library in libraries if "skip_reason" in library]
    found = [(library, flaw) for library in libraries for flaw in library.get("vulns", ())]
    audited = len(libraries) - len(unknown)
    if unknown:
        print(f"{len(unknown)} libraries were NOT audited: the index tells nothing about {_names(unknown)}.")
    for library, flaw in found:
        mended = ", ".join(flaw["fix_versions"]) or "no version yet"
        print(f"{library['name']} {library['version']}: {flaw['id']}, mended in {mended}")
    print(f"{audited} of {len(libraries)} libraries audited, {len(found)} known vulnerabilities.")
    sys.exit(bool(found))


def _names(libraries: list[dict[str, Any]]) -> str:
    names = [library["name"] for library in libraries]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


if __name__ == "__main__":
    main()
