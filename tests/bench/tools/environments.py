"""A virtual environment for each tool, made once: two tools may claim the same names."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.tool import Tool


class NotInstalled(Exception):
    """A tool cannot be had; why is the message."""


def version_of(tool: Tool) -> str:
    """The version of CPython that a tool is run under."""
    return tool.python or f"{sys.version_info.major}.{sys.version_info.minor}"


def prepared(tool: Tool, cache: Path) -> Path:
    """The directory of the programs in a tool's environment.

    Raises:
        NotInstalled: there is no such interpreter, or pip said no.
    """
    version = version_of(tool)
    home = cache / f"{tool.name.replace(' ', '-')}-{version}"
    interpreter = _interpreter(version)
    stamp = home / "complete"
    wanted = "\n".join((interpreter, tool.requirement, *tool.also))
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"bench: installing {tool.requirement} for CPython {version}", file=sys.stderr)
        _run([interpreter, "-m", "venv", "--clear", str(home)])
        pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        _run([*pip, "install", "--quiet", tool.requirement, *tool.also])
        stamp.write_text(wanted, encoding="utf-8")
    return home / "bin"


def _interpreter(version: str) -> str:
    """A CPython of this version: the one that made our environment, on the path, or of pyenv."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return str(getattr(sys, "_base_executable", sys.executable))
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(f"python{version}"), *sorted(versions.glob(f"{version}.*/bin/python3"))]
    for each in found:
        if each and _is(str(each), version):
            return str(each)
    raise NotInstalled(f"needs CPython {version}, which is not here")


def _is(interpreter: str, version: str) -> bool:
    """Whether it runs, and is that version: what stands on the path may be a stub."""
    words = [interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    return done.returncode == 0 and done.stdout.strip() == version


def _run(words: list[str]) -> None:
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=600)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise NotInstalled(f"{' '.join(words[1:4])}: {lines[-1]}")
