"""`python -m opspilot.embedded --state-dir DIR`: run the embedded account until told to stop.

Exit status: 0 stopped on request, 2 could not start (one line on standard error says why).
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import logging
import re
import signal
import sys
from pathlib import Path
from types import FrameType

from opspilot.embedded.clock import DEFAULT_SPEED, MAX_SPEED, MIN_SPEED
from opspilot.embedded.errors import EmbeddedError
from opspilot.embedded.origin import DEFAULT_ACCOUNT, DEFAULT_REGION
from opspilot.embedded.server import EmbeddedAccount

_PR_SET_PDEATHSIG = 1
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _age(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not an age such as 90s, 10m or 2h")
    return float(found[1]) * _UNITS[found[2]]


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m opspilot.embedded", description=__doc__)
    parser.add_argument("--state-dir", type=Path, required=True, help="folder of the world")
    parser.add_argument("--port", type=int, default=0, help="loopback port (default: a free one)")
    parser.add_argument("--seed", type=int, help="seed of a new world (default: 7)")
    parser.add_argument(
        "--speed",
        type=float,
        help=f"account seconds in a wall second, {MIN_SPEED:g} to {MAX_SPEED:g} "
        f"(default: as before, at first {DEFAULT_SPEED:g})",
    )
    parser.add_argument("--fault", help="fault under way when a new world begins")
    parser.add_argument(
        "--fault-age", type=_age, default=600.0, help="how long it has been (default: 10m)"
    )
    parser.add_argument("--account-id", default=DEFAULT_ACCOUNT)
    parser.add_argument("--region", default=DEFAULT_REGION)
    parser.add_argument(
        "--die-with-parent", action="store_true", help="stop when the parent process ends (Linux)"
    )
    return parser.parse_args(words)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise SystemExit(0)


def main(words: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT."""
    options = _arguments(sys.argv[1:] if words is None else words)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s | %(message)s")
    if options.die_with_parent:
        _die_with_parent()
    signal.signal(signal.SIGTERM, _stop)
    # Log lines are many small objects without cycles: looking for some costs a third of the time.
    gc.set_threshold(100_000, 20, 50)
    try:
        with EmbeddedAccount(
            options.state_dir,
            seed=options.seed,
            speed=options.speed,
            fault=options.fault,
            fault_age_s=options.fault_age,
            port=options.port,
            account_id=options.account_id,
            region=options.region,
        ) as account:
            account.wait()
    except EmbeddedError as error:
        sys.stderr.write(f"embedded account: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
