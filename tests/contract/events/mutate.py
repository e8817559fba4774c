"""Breaks the Python event bus once for each statement and expects a scenario to notice.

    python tests/contract/events/mutate.py [ID...]

Each entry of mutations/python.json replaces one text in a copy of the package; the scenarios that
show the statement must then fail. Exit status 1 if one of them does not notice, or if an entry
does not apply.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PACKAGE = ROOT / "python" / "codetracer_python_recorder"
# Seconds after which a mutant that hangs counts as noticed.
PATIENCE = 60

JUDGE = """
import sys
from support.events.run import run, scenarios
shown = [s for s in scenarios() if sys.argv[1] in s["shows"]]
assert shown, "no scenario"
for scenario in shown:
    try:
        differences = run(scenario)
    except BaseException as error:
        differences = [repr(error)]
    if differences:
        print("noticed by", scenario["id"])
        sys.exit(3)
"""


def mutants() -> list[dict[str, str]]:
    """The entries of the table."""
    table: list[dict[str, str]] = json.loads((HERE / "mutations" / "python.json").read_text())[
        "mutations"
    ]
    return table


def problem(mutant: dict[str, str]) -> str | None:
    """Why an entry cannot be applied."""
    count = (PACKAGE / "events" / mutant["file"]).read_text().count(mutant["old"])
    return None if count == 1 else f"{mutant['file']} has the old text {count} times"


def judge(statement: str, package: Path) -> tuple[bool, str]:
    """Whether the scenarios of a statement fail with the package below ``package``."""
    command = [sys.executable, "-W", "ignore", "-c", JUDGE, statement]
    path = f"{package}:{ROOT / 'tests'}"
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env={"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        )
    except subprocess.TimeoutExpired:
        return True, "it hangs"
    if done.returncode not in (0, 3):
        return False, done.stderr.strip()
    return done.returncode == 3, done.stdout.strip()


def main(chosen: list[str]) -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / PACKAGE.name
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        entries = [m for m in mutants() if not chosen or m["id"] in chosen]
        for statement in dict.fromkeys(m["id"] for m in entries):
            noticed, text = judge(statement, Path(directory))
            if noticed:
                print(f"{statement}: fails without a mutation: {text}")
                failed += 1
        for mutant in entries:
            wrong = problem(mutant)
            target = copy / "events" / mutant["file"]
            original = target.read_text()
            if wrong is None:
                target.write_text(original.replace(mutant["old"], mutant["new"]))
                noticed, text = judge(mutant["id"], Path(directory))
                target.write_text(original)
                wrong = None if noticed else f"not noticed {text}"
                if noticed:
                    print(f"{mutant['id']}: {text}")
            if wrong is not None:
                print(f"{mutant['id']}: {wrong}")
                failed += 1
    print(f"{len(entries) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
