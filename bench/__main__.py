"""Every benchmark, one after the other: `python -m bench [--only PART] [--data DIR] [...]`.

Quality on public corpora needs `OPSPILOT_BENCH_DATA` (or `--data`); the seeded corpora always run.
Rivals run beside ours where bench/requirements-rivals.txt is installed; each part says so.
"""

import argparse
import os
import subprocess
import sys

_QUALITY = ("metrics", "suspects", "logs")
_PARTS = (*_QUALITY, "incidents", "workbench")


def main() -> int:
    """Run the parts; the exit status is that of the first that failed."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", choices=_PARTS, action="append", help="may be given again")
    parser.add_argument("--data", default=os.environ.get("OPSPILOT_BENCH_DATA"))
    parser.add_argument("--runs", default="3", help="of the workbench's times")
    parser.add_argument("--cold", action="store_true", help="time a cold `make run` as well")
    chosen = parser.parse_args()
    for part in chosen.only or _PARTS:
        print(f"\n== {part}\n", flush=True)
        status = subprocess.run(_command(part, chosen), check=False).returncode
        if status:
            return status
    return 0


def _command(part: str, chosen: argparse.Namespace) -> list[str]:
    if part in _QUALITY:
        data = ["--data", chosen.data] if chosen.data else []
        return [sys.executable, "-m", f"bench.quality_{part}", *data]
    if part == "incidents":
        return [sys.executable, "-m", "opspilot", "bench"]
    cold = ["--cold"] if chosen.cold else []
    return [sys.executable, "-m", "bench.workbench", "--runs", chosen.runs, *cold]


if __name__ == "__main__":
    sys.exit(main())
