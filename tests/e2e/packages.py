"""Source distributions from the package index, fetched once into the build directory."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".build" / "e2e"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

# What the packages' own tests import and the environment of these tests lacks.
NEEDS = (
    "flit_core==3.12.0",
    "linkify-it-py==2.0.3",
    "mdurl==0.1.2",
    "pytest-datadir==1.8.0",
    "pytest-regressions==2.8.3",
    "PyYAML==6.0.3",
    "uc-micro-py==1.0.3",
)


@contextmanager
def alone() -> Iterator[None]:
    """Keeps other processes from filling the directory at the same time."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    tests: str
    # So many tests pass at least; fewer and the comparison would be of little worth.
    passing: int
    # Tests by a part of their names that assert how many seconds they took.
    timed: str = ""

    def source(self) -> Path:
        """The unpacked source distribution."""
        stem = f"{self.name.replace('-', '_')}-{self.version}"
        with alone():
            if not (CACHE / stem).is_dir():
                archive = CACHE / f"{stem}.tar.gz"
                if not archive.exists():
                    where = ["--no-deps", "--no-binary", ":all:", "--dest", str(CACHE)]
                    pip("download", *where, f"{self.name}=={self.version}")
                with tarfile.open(archive) as tar:
                    tar.extractall(CACHE / "unpacking", filter="data")
                (CACHE / "unpacking" / stem).rename(CACHE / stem)
        return CACHE / stem


PACKAGES = (
    Package("sqlparse", "0.6.1", "tests", 400, timed="under_1s"),
    Package("toolz", "1.2.0", "toolz", 150),
    Package("markdown-it-py", "4.3.0", "tests", 800),
)


def pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"pip {' '.join(words)} failed:\n{done.stdout}{done.stderr}")


def needed(name: str = "needs", packages: tuple[str, ...] = NEEDS) -> Path:
    """A directory to import what the packages' tests need from."""
    target = CACHE / f"{name}-{VERSION}"
    stamp = target / "complete"
    with alone():
        if not stamp.exists() or stamp.read_text(encoding="utf-8").split() != list(packages):
            pip("install", "--no-deps", "--upgrade", "--target", str(target), *packages)
            stamp.write_text("\n".join(packages), encoding="utf-8")
    return target
