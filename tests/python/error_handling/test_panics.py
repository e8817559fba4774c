"""A panic in every entry: the program is untouched, the failure is told once, the count grows."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from support import faults
from support.runs import listing, python

WORK = """\
import os, sys

def numbers():
    try:
        yield 1
    except KeyError:
        yield 2

def fail():
    raise ValueError

def work():
    total = 0
    for n in range(5):
        if n % 2:
            total += n
        else:
            total -= 1
    first = numbers()
    total += next(first) + first.throw(KeyError())
    total += sum(numbers())
    total = total and abs(total)
    try:
        fail()
    except ValueError:
        total += 100
    return total
"""
FORK = """\
sys.stdout.flush()
child = os.fork()
if child == 0:
    work()
    os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
PROGRAM = WORK + "print(work())\n" + FORK + "print(work())\n"

# By entry, which event is to tell the lines.
CALLBACKS = {
    "PyStart": "line",
    "PyResume": "line",
    "PyReturn": "line",
    "PyYield": "line",
    "PyThrow": "line",
    "PyUnwind": "line",
    "Line": "line",
    "Instruction": "instruction",
    "Jump": "instruction",
    "Branch": "instruction",
    "Raise": "line",
    "Handled": "line",
}
# CPython 3.13 knows the line of a call that it goes on from, so CALL is never armed there.
NEVER = [] if sys.version_info < (3, 13) else ["Call"]
if not NEVER:
    CALLBACKS["Call"] = "instruction"

# By entry, what calls it, and what must be there.
CALLS = {
    "Start": "r.start('out')",
    "Stop": "r.start('out'); work(); r.stop()",
    "Follow": "native.follow('{}', None, None)",
    "Flush": "r.start('out'); work(); r.flush()",
    "Dump": "native.dump('moment', 'why')",
    "Failure": "native.failure()",
    "RunApart": "native.run_apart(list)",
    "IsTracing": "r.is_tracing()",
    "CheckOutput": "native.check_output('out')",
    "ResolvePolicy": "r.start('out')",
    "EncodeOptions": "native.encode_options({})",
    "TakeMetrics": "native.take_metrics()",
    "EndWithout": "native.end_without(None, True, False)",
    "Trailer": "native.trailer('ERR_IO', 'text', {})",
    "Recover": "native.recover('saved')",
    "OpenRecording": "saved()",
    "RecordingInfo": "saved().info_json()",
    "PrintJson": "saved().print_json(len)",
    "PrintTree": "saved().print_tree(len)",
    "Events": "saved().events_json(0)",
    "Frames": "saved().frames_json(1)",
    "Calls": "saved().calls_json()",
}

# By entry of a process that the command line started: its exit status, whether the program ran,
# and what is left.
PROCESSES = {
    "Import": (70, False, []),
    "Launch": (70, False, []),
    "SetYoungCount": (70, True, []),
    "BeforeFork": (70, True, []),
    "ForkReturned": (70, True, []),
    # The child's recording is lost, the parent's is not.
    "ImmediateExit": (0, True, ["trace-out"]),
    "AfterForkInChild": (0, True, ["trace-out"]),
    "AtExit": (70, True, []),
    "ProcessEnd": (0, True, ["trace-out"]),
}


def entries(tmp_path: Path) -> list[str]:
    source = "from codetracer_python_recorder._native import fault_entries\nprint(*fault_entries)"
    return faults.program(source, tmp_path).out.split()


def test_every_entry_is_tested(tmp_path: Path) -> None:
    tested = [*CALLBACKS, *CALLS, *PROCESSES, *NEVER, "Replaced"]
    assert sorted(tested) == sorted(entries(tmp_path))


def left(place: Path) -> list[str]:
    return [name for name in listing(place) if "/" not in name and name != "app.py"]


@pytest.mark.parametrize("entry", CALLBACKS)
def test_a_panic_in_a_callback_leaves_the_program_alone(tmp_path: Path, entry: str) -> None:
    (tmp_path / "app.py").write_text(PROGRAM)
    plain = python("app.py", cwd=tmp_path)
    env = {"CODETRACER_LINE_EVENTS": CALLBACKS[entry]}
    for words, status in (([], 70), (["--on-recorder-error=disable"], 0)):
        ended = faults.record(
            *words, "app.py", cwd=tmp_path, faults=f"entry:{entry}=panic", env=env
        )
        assert (ended.out, ended.status) == (plain.out, status)
        [line] = ended.err.splitlines()
        assert line.startswith("recorder: ERR_PANIC: panic in callback ")
        assert f"injected at entry:{entry} " in line
        assert "dispatch.rs:" in line
        assert line.endswith("[the program goes on unrecorded]") == (status == 0)
        assert left(tmp_path) == []


@pytest.mark.parametrize("entry", CALLBACKS)
def test_a_panic_in_a_callback_is_raised_once_by_stop(tmp_path: Path, entry: str) -> None:
    source = (
        WORK
        + """
import codetracer_python_recorder as r
from codetracer_python_recorder import _native as native
plain = work()
r.start("out")
print(work() == plain, r.is_tracing())
for call in (r.flush, r.stop, r.stop):
    try:
        call()
    except r.InternalError as error:
        print(error.code, native.take_metrics())
    else:
        print("quiet")
with r.trace("next"):
    print(work() == plain, r.is_tracing())
"""
    )
    env = {"CODETRACER_LINE_EVENTS": CALLBACKS[entry]}
    ended = faults.program(source, tmp_path, faults=f"entry:{entry}=panic", env=env)
    counts = {"detached.ERR_PANIC": 1, "panics": 1}
    assert ended.out == f"True False\nERR_PANIC {counts}\nquiet\nquiet\nTrue True\n"
    assert ended.err.count("ERR_PANIC") == ended.err.count("\n") == 1
    assert left(tmp_path) == ["next", "program.py"]
    metadata = json.loads((tmp_path / "next" / "trace_metadata.json").read_text())
    assert metadata["counters"]["panics"] == 1


@pytest.mark.parametrize("entry", CALLS)
def test_a_panic_in_a_call_is_an_internal_error(tmp_path: Path, entry: str) -> None:
    make = 'with r.trace("saved"): work()\n' if "saved" in CALLS[entry] else ""
    source = (
        WORK
        + f"""
import codetracer_python_recorder as r
from codetracer_python_recorder import _native as native
def saved(): return native.recording("saved")
{make}
native.take_metrics() if {entry != "TakeMetrics"} else None
try:
    {CALLS[entry]}
except r.InternalError as error:
    print(error.code, error.context["entry"], "boundary.rs:" in error.context["location"])
    print(native.take_metrics().get("panics"), r.is_tracing())
r.stop() if {entry == "Flush"} else None
with r.trace("next"):
    print(r.is_tracing())
"""
    )
    ended = faults.program(source, tmp_path, faults=f"entry:{entry}=panic")
    first, second, third = ended.out.splitlines()
    assert first.startswith("ERR_PANIC ")
    assert first.endswith(" True")
    assert (second, third) == ("1 False", "True")
    # What goes wrong while a recording runs is said at once as well.
    assert ended.err.count("ERR_PANIC") == ended.err.count("\n") == int(entry == "Flush")
    saved = ["saved"] if make else []
    assert left(tmp_path) == ["next", "program.py", *saved]


# The program's forked child ends a recording of its own there.
SAID = {"ProcessEnd": 2}


@pytest.mark.parametrize("entry", PROCESSES)
def test_a_panic_where_nobody_can_be_told_follows_the_policy(tmp_path: Path, entry: str) -> None:
    (tmp_path / "app.py").write_text(PROGRAM)
    plain = python("app.py", cwd=tmp_path)
    status, runs, leaves = PROCESSES[entry]
    ended = faults.record("app.py", cwd=tmp_path, faults=f"entry:{entry}=panic")
    assert (ended.status, ended.out) == (status, plain.out if runs else "")
    said = [line for line in ended.err.splitlines() if "ERR_PANIC" in line]
    assert len(said) == SAID.get(entry, 1), ended.err
    assert all(line.startswith("recorder: ") for line in ended.err.splitlines())
    assert [name for name in left(tmp_path) if not name.startswith(".")] == leaves
    for place in tmp_path.glob(".*"):
        pytest.fail(f"{place} is left")


@pytest.mark.parametrize("entry", PROCESSES)
def test_under_disable_the_program_keeps_its_own_status(tmp_path: Path, entry: str) -> None:
    (tmp_path / "app.py").write_text(PROGRAM + "sys.exit(4)\n")
    plain = python("app.py", cwd=tmp_path)
    words = ["--on-recorder-error=disable", "app.py"]
    ended = faults.record(*words, cwd=tmp_path, faults=f"entry:{entry}=panic")
    assert (ended.status, ended.out) == (4, plain.out)
    said = [line for line in ended.err.splitlines() if "ERR_PANIC" in line]
    assert len(said) == SAID.get(entry, 1), ended.err
    assert said[0].endswith("]")


@pytest.mark.parametrize("words", [[], ["--on-recorder-error=disable"]])
def test_a_panic_before_another_program_takes_over(tmp_path: Path, words: list[str]) -> None:
    source = WORK + "print(work(), flush=True)\n"
    source += "os.execv(sys.executable, [sys.executable, '-c', 'print(5); exit(6)'])\n"
    (tmp_path / "app.py").write_text(source)
    plain = python("app.py", cwd=tmp_path)
    ended = faults.record(*words, "app.py", cwd=tmp_path, faults="entry:Replaced=panic")
    assert (ended.out, ended.status) == (plain.out, 6)
    assert [line.count("ERR_PANIC") for line in ended.err.splitlines()] == [1]
    assert left(tmp_path) == []


def test_nothing_of_this_is_in_a_normal_build() -> None:
    import codetracer_python_recorder

    native = Path(codetracer_python_recorder.__file__).parent
    [built] = native.glob("_native*.so")
    assert faults.VARIABLE.encode() not in built.read_bytes()
    assert (
        faults.VARIABLE.encode()
        in (faults.package() / "codetracer_python_recorder" / "_native.so").read_bytes()
    )
