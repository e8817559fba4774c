"""``attach``: starts a recording in a process that runs already, by ``sys.remote_exec`` (PEP 768).

Everything that can be found out from here is checked before the process is touched. What the
process is given is a script that starts a recording which its end saves. ``_execute`` is the one
call that needs CPython 3.14.
"""

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from .._paths import absolute, text_of
from ..exceptions import make
from .output import write_out

__all__ = ["HELP", "NAME", "add_arguments", "run", "script", "version_of"]

NAME = "attach"
HELP = "start a recording in a running process (CPython 3.14 or later)"

NEEDED = (3, 14)
"""The first version with ``sys.remote_exec``."""

_INTERPRETER = re.compile(r"(?:lib)?python(\d+)\.(\d+)(?:\D|$)")
"""Names of an interpreter's executable, library or standard library."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("pid", metavar="PID", help="the process")
    parser.add_argument(
        "--trace-dir",
        metavar="DIR",
        default="trace-out",
        help="The directory that becomes the recording. Default: trace-out.",
    )


def run(args: argparse.Namespace) -> int:
    """Asks the process to record itself from its next safe point on.

    Raises:
        UsageError: ``ERR_INVALID_ARGUMENT``, that is no process number; ``ERR_PROCESS_NOT_FOUND``,
            there is no such process, or it is no CPython.
        EnvironmentError: ``ERR_PERMISSION``, it is somebody else's; ``ERR_ATTACH_UNSUPPORTED``, an
            interpreter is too old, or the system has no ``/proc``; ``ERR_ATTACH_REFUSED``, the
            process does not let us in.
    """
    pid = _number(args.pid)
    place = absolute(text_of(args.trace_dir, "--trace-dir"), "--trace-dir")
    _check_process(pid)
    _check_system()
    _check_switch(pid)
    own = sys.version_info[:2]
    if own < NEEDED:
        raise _too_old("the interpreter that runs this command", own)
    target = version_of(pid)
    if target is None:
        raise make("ERR_PROCESS_NOT_FOUND", f"process {pid} is no CPython", pid=pid)
    if target < NEEDED:
        raise _too_old(f"process {pid}", target)
    if target != own:
        raise make(
            "ERR_ATTACH_UNSUPPORTED",
            f"process {pid} is CPython {_dotted(target)}; run this command with the same version",
            pid=pid,
            needs=_dotted(target),
            found=_dotted(own),
        )
    _execute(pid, script(place))
    write_out(f"process {pid} records itself; its end saves {place}\n")
    return 0


def script(place: str) -> str:
    """What the process runs: it starts a recording, and leaves no name behind.

    Args:
        place: the directory that becomes the recording, absolute.
    """
    package = str(Path(__file__).resolve().parents[2])
    return f"""\
def _start():
    import sys
    sys.path.append({package!r})
    try:
        from codetracer_python_recorder.session import start_with_process
    finally:
        sys.path.remove({package!r})
    start_with_process({place!r}, format=None, trace_filter=None)
try:
    _start()
finally:
    del _start
"""


def version_of(pid: int) -> tuple[int, int] | None:
    """Major and minor version of the CPython that a process runs; ``None`` where it runs none.

    Args:
        pid: a process whose maps can be read.

    Raises:
        EnvironmentError: ``ERR_PERMISSION``, they cannot be read.
        UsageError: ``ERR_PROCESS_NOT_FOUND``, it has ended.
    """
    try:
        text = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
    except PermissionError:
        raise _not_ours(pid) from None
    except OSError:
        raise _none(pid) from None
    files = {line.split(maxsplit=5)[5] for line in text.splitlines() if line.count("/")}
    names = [part for file in files for part in Path(file.removesuffix(" (deleted)")).parts[-4:]]
    found = [match for name in names if (match := _INTERPRETER.match(name))]
    return (int(found[0][1]), int(found[0][2])) if found else None


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit() and 0 < int(word) < 2**31):
        raise make(
            "ERR_INVALID_ARGUMENT",
            f"PID must be the number of a process, not {word!r}",
            argument="PID",
        )
    return int(word)


def _check_process(pid: int) -> None:
    if pid == os.getpid():
        raise make("ERR_INVALID_ARGUMENT", "this command cannot record itself", argument="PID")
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        raise _none(pid) from None
    except PermissionError:
        raise _not_ours(pid) from None


def _check_system() -> None:
    """Raises where nothing can be found out about a process."""
    if not Path("/proc/self/maps").exists():
        raise make(
            "ERR_ATTACH_UNSUPPORTED",
            "this command reads /proc, which this system does not have",
            needs="linux",
            found=sys.platform,
        )


def _check_switch(pid: int) -> None:
    """Raises where remote debugging was switched off when the process was started."""
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"_", b"-").split(b"\0")
    except PermissionError:
        raise _not_ours(pid) from None
    except OSError:
        raise _none(pid) from None
    said = [
        *(v for v in variables if re.match(rb"PYTHON_DISABLE_REMOTE_DEBUG=.", v)),
        *(w for w in words if w.removeprefix(b"-X") == b"disable-remote-debug"),
    ]
    if said:
        switch = said[0].decode(errors="replace")
        raise make(
            "ERR_ATTACH_REFUSED",
            f"remote debugging is switched off in process {pid}",
            pid=pid,
            switch=switch,
        )


def _execute(pid: int, text: str) -> None:
    """Has a process run a script at its next safe point.

    The script is a file that the process reads when it gets there, so it stays. It is only ours to
    read and write.
    """
    remote_exec: Any = getattr(sys, "remote_exec", None)
    if remote_exec is None:
        raise _too_old("the interpreter that runs this command", sys.version_info[:2])
    handle, path = tempfile.mkstemp(prefix="codetracer-attach-", suffix=".py")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(f"__import__('os').unlink({path!r})\n{text}")
        remote_exec(pid, path)
    except PermissionError:
        os.unlink(path)
        raise _not_ours(pid) from None
    except (OSError, RuntimeError) as error:
        os.unlink(path)
        raise make(
            "ERR_ATTACH_REFUSED", f"process {pid} does not let us in: {error}", pid=pid
        ) from error


def _too_old(who: str, version: tuple[int, ...]) -> Exception:
    return make(
        "ERR_ATTACH_UNSUPPORTED",
        f"{who} is CPython {_dotted(version)}; {_dotted(NEEDED)} or later is needed",
        needs=_dotted(NEEDED),
        found=_dotted(version),
    )


def _none(pid: int) -> Exception:
    return make("ERR_PROCESS_NOT_FOUND", f"there is no process {pid}", pid=pid)


def _not_ours(pid: int) -> Exception:
    return make("ERR_PERMISSION", f"process {pid} may not be looked into by this user", pid=pid)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
