"""Runs one job of the benchmark and measures it from outside and from inside."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
PROGRAMS: Final = HERE / "programs"
SCRATCH: Final = HERE.parent.parent / ".build" / "bench"
RECORDER: Final = Path(sys.executable).parent / "codetracer-python-recorder"
CAPTURES: Final = ("calls", "lines", "values")

_LISTENED_AT_FLOOR: Final = ("LINE", "PY_START", "PY_RETURN")
_RESULT: Final = SCRATCH / "result.json"
_ERRORS: Final = SCRATCH / "stderr.txt"


class JobFailed(Exception):
    """A job ended badly; its last words are the message."""


@dataclass(frozen=True)
class Run:
    """One run of a program: CPU in seconds, memory in KiB."""

    inside: float
    """CPU of the program's own threads in ``main``."""
    whole: float
    """User and system time of the process from its first to its last instruction."""
    peak_kib: int


@dataclass(frozen=True)
class Counts:
    """What a recording holds, or has to hold."""

    events: int
    calls: int
    lines: int


@dataclass(frozen=True)
class Recorded:
    """One recorded run and its recording."""

    run: Run
    counts: Counts
    bytes: int


@dataclass(frozen=True)
class Expected:
    """Events of a program as counted without the recorder."""

    kinds: dict[str, int]

    def of(self, capture: str) -> Counts:
        """What has to be recorded in a mode: ``calls`` alone leaves out the lines."""
        lines = 0 if capture == "calls" else self.kinds["LINE"]
        events = sum(self.kinds.values()) - self.kinds["LINE"] + lines
        return Counts(events, self.kinds["PY_START"], lines)

    def at_floor(self) -> int:
        """The events that the no-op callback sees."""
        return sum(self.kinds[name] for name in _LISTENED_AT_FLOOR)


def build_floor() -> Path:
    """Compiles the no-op callbacks for this interpreter; a fresh compilation is kept.

    Raises:
        JobFailed: the C compiler said no.
    """
    SCRATCH.mkdir(parents=True, exist_ok=True)
    source = HERE / "floor" / "floor.c"
    built = SCRATCH / ("_floor" + str(sysconfig.get_config_var("EXT_SUFFIX")))
    if built.exists() and built.stat().st_mtime > source.stat().st_mtime:
        return built
    include = "-I" + sysconfig.get_path("include")
    flags = ["-O2", "-Wall", "-Wextra", "-shared", "-fPIC"]
    try:
        done = subprocess.run(
            ["cc", *flags, include, str(source), "-o", str(built)],
            check=False,
            capture_output=True,
            text=True,
        )
    except OSError as error:
        raise JobFailed(f"cannot run cc: {error}") from None
    if done.returncode:
        raise JobFailed(f"cc failed: {done.stderr.strip()}")
    return built


def untraced(program: str) -> Run:
    """Runs a program by itself.

    Its peak is its own word: the system's starts at that of the process that started it.
    """
    return _measured([sys.executable, _path(program)], own_peak=True)


def at_floor(program: str, floor: Path) -> Run:
    """Runs a program under the no-op callback."""
    return _measured([sys.executable, *_driver("noop", floor, program)])


def count(program: str, floor: Path) -> Expected:
    """Counts a program's events."""
    out = SCRATCH / "counts.json"
    _measured([sys.executable, *_driver("count", floor, program), str(out)])
    return Expected(json.loads(out.read_text()))


def recorded(program: str, capture: str) -> Recorded:
    """Records a program and looks at the recording.

    Raises:
        JobFailed: the program failed, or the recording is partial or absent.
    """
    out = SCRATCH / "trace-out"
    shutil.rmtree(out, ignore_errors=True)
    run = _measured(
        [
            str(RECORDER),
            "record",
            "--capture",
            capture,
            "--trace-dir",
            str(out),
            _path(program),
        ]
    )
    done = subprocess.run(
        [str(RECORDER), "info", "--json", str(out)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise JobFailed(f"info: {_last_line(done.stderr)}")
    info = json.loads(done.stdout)
    if info["partial"]:
        raise JobFailed(f"the recording is partial: {info['reason']}")
    size = sum(
        path.stat().st_size
        for path in out.rglob("*")
        if path.is_file() and path.relative_to(out).parts[0] != "files"
    )
    shutil.rmtree(out)
    return Recorded(run, Counts(info["events"], info["calls"], info["lines"]), size)


def _path(program: str) -> str:
    return str(PROGRAMS / f"{program}.py")


def _driver(mode: str, floor: Path, program: str) -> list[str]:
    return [str(HERE / "floor" / "drive.py"), mode, str(floor), _path(program)]


def _measured(command: list[str], *, own_peak: bool = False) -> Run:
    """Runs a command in an environment that is the same for all."""
    _RESULT.unlink(missing_ok=True)
    env = {name: value for name, value in os.environ.items() if name not in _DISTURBING}
    env |= {
        "BENCH_RESULT": str(_RESULT),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with _ERRORS.open("wb") as errors:
        pid = os.posix_spawn(
            command[0],
            command,
            env,
            file_actions=[(os.POSIX_SPAWN_DUP2, errors.fileno(), 2)],
        )
        _, status, usage = os.wait4(pid, 0)
    words = _ERRORS.read_text(errors="replace")
    code = os.waitstatus_to_exitcode(status)
    if code:
        raise JobFailed(f"exit status {code}: {_last_line(words)}")
    if not _RESULT.exists():
        raise JobFailed(f"the program did not get to its end: {_last_line(words)}")
    result = json.loads(_RESULT.read_text())
    return Run(
        inside=result["seconds"],
        whole=usage.ru_utime + usage.ru_stime,
        peak_kib=result["peak_kib"] if own_peak else usage.ru_maxrss,
    )


_DISTURBING: Final = frozenset({"PYTHONPATH", "PYTHONSTARTUP", "PYTHONTRACEMALLOC"})


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no message"
