"""Every figure of docs/explanation/speed.md beside its peer: ``python -m tests.benchmarks [subset ...]``.

Run it on a quiet machine. All but `memory` write to a memory-backed directory; that one writes more than the machine's
memory to a disk, and runs only when it is named.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module


def main() -> None:
    """Run the subsets that are named, or all but `memory`."""
    read = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    names = ("disk", "steps", "netcdf", "watching", "memory")
    read.add_argument("subset", nargs="*", default=names[:-1], help=", ".join(names))
    read.add_argument("--directory", default="/dev/shm", help="memory-backed")  # noqa: S108  # so on purpose
    read.add_argument("--disk", help="where `memory` writes; the system's temporary directory")
    read.add_argument("--gigabytes", help="of `memory`; a tenth more than the machine has")
    read.add_argument("--runs", type=int, default=5)
    given = read.parse_args()
    memory_backed = (given.directory, str(given.runs))
    arguments = {**dict.fromkeys(names, memory_backed), "memory": (given.disk, given.gigabytes)}
    for unknown in set(given.subset) - set(names):
        read.error(f"{unknown!r} is none of {', '.join(names)}")
    for name in given.subset:
        sys.stdout.write(f"\n{name}\n\n")
        sys.stdout.flush()
        import_module(f"tests.benchmarks.bench_{name}").main(*arguments[name])


if __name__ == "__main__":
    main()
