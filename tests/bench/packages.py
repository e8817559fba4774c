"""Published packages whose code is a program of the benchmark, fetched once by pip.

They are unpacked outside any ``site-packages``, so that a recorder takes them for a program's own.
"""

import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Final

SUITE: Final = "more-itertools==11.2.1"
FORMATTER: Final = (
    "black==26.10.1",
    "click==8.5.1",
    "mypy_extensions==1.2.0",
    "packaging==26.3",
    "pathspec==1.1.1",
    "platformdirs==4.14.5",
    "pytokens==0.4.1",
)
_PURE: Final = (
    "--only-binary=:all:",
    "--platform=any",
    "--implementation=py",
    "--abi=none",
    "--python-version=3.12",
)
"""The wheels without compiled modules: those are no Python program."""


class NotFetched(Exception):
    """A package is not there and cannot be had; what pip said is the message."""


def suite(cache: Path) -> Path:
    """The source distribution whose tests are run: a directory to import from."""
    name, _, version = SUITE.partition("==")
    home = cache / f"{name.replace('-', '_')}-{version}"
    if not home.is_dir():
        fetched, unpacked = cache / "fetched", cache / "unpacked"
        _pip("download", "--no-deps", "--no-binary=:all:", f"--dest={fetched}", SUITE)
        with tarfile.open(next(fetched.glob(f"{home.name}.tar.*"))) as archive:
            archive.extractall(unpacked, filter="data")
        (unpacked / home.name).rename(home)
    return home


def formatter(cache: Path) -> Path:
    """The formatter in pure Python, with what it needs: a directory to import from."""
    home = cache / "formatter"
    stamp = home / "complete"
    if not stamp.exists() or stamp.read_text(encoding="utf-8").split() != list(FORMATTER):
        _pip("install", "--no-deps", "--upgrade", *_PURE, f"--target={home}", *FORMATTER)
        stamp.write_text("\n".join(FORMATTER), encoding="utf-8")
    return home


def _pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise NotFetched(f"pip {words[0]}: {lines[-1]}")
