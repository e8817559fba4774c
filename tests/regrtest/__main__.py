"""Runs CPython's regression tests plain and recorded, and says where they differ.

Usage: python -m regrtest [--keep DIR] [--longest SECONDS] [MODULE...]

Prints a Markdown table. The status is 1 where a test ends in another way and explained.toml does
not say so, where it says so and the test does not, or where a recording does not open.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from regrtest.checking import Checked, check
from regrtest.explained import EXPLAINED
from regrtest.modules import EVERY

HEAD = """\
| module | tests | plain | other when recorded | CPU, s | recorded, s | ratio | added MiB |
| --- | --- | --- | --- | --- | --- | --- | --- |"""


def row(module: str, checked: Checked) -> str:
    """A line of the table."""
    plain, recorded = checked.plain, checked.recorded
    ends = Counter(plain.outcomes.values()).most_common()
    cells = (
        module,
        len(plain.outcomes),
        ", ".join(f"{count} {how}" for how, count in ends),
        len(checked.differences),
        f"{plain.cpu:.1f}",
        f"{recorded.cpu:.1f}",
        f"{recorded.cpu / plain.cpu:.1f}",
        f"{(recorded.peak_kib - plain.peak_kib) / 1024:.0f}",
    )
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def run(modules: list[str], keep: Path, longest: float) -> int:
    """Checks modules one after the other; returns the exit status."""
    print(f"CPython {sys.version.split()[0]}\n\n{HEAD}", flush=True)
    problems = []
    for module in modules:
        checked = check(module, keep, longest, EXPLAINED)
        print(row(module, checked), flush=True)
        problems += [f"{module}: {problem}" for problem in checked.problems]
    print("", *problems, sep="\n")
    return 1 if problems else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="regrtest", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keep", type=Path, metavar="DIR", help="logs and recordings stay there")
    parser.add_argument("--longest", type=float, default=900.0, help="seconds for one run")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="of modules.py; all if none")
    options = parser.parse_args()
    if unknown := [module for module in options.modules if module not in EVERY]:
        parser.error(f"no such module: {', '.join(unknown)}")
    modules = options.modules or list(EVERY)
    if options.keep is not None:
        return run(modules, options.keep.resolve(), options.longest)
    with tempfile.TemporaryDirectory() as place:
        return run(modules, Path(place), options.longest)


if __name__ == "__main__":
    sys.exit(main())
