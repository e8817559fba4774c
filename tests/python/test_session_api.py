"""``start``, ``stop``, ``trace`` and the session, in programs of their own."""

from __future__ import annotations

import importlib
import json
import textwrap
from pathlib import Path

import codetracer_python_recorder as package
import pytest
from codetracer_python_recorder import Trace
from support.runs import Ended, listing, python, recorder, unprivileged

PRELUDE = """
import json, sys
import codetracer_python_recorder as r

def attempt(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except r.RecorderError as error:
        kinds = [k.__name__ for k in (ValueError, TypeError, OSError, RuntimeError)]
        bases = [k for k in kinds if isinstance(error, getattr(__builtins__, k))]
        print(json.dumps([error.code, type(error).__name__, bases, error.message]))
    else:
        print(json.dumps(None))
"""


def program(place: Path, body: str, **keywords: object) -> Ended:
    (place / "app.py").write_text(PRELUDE + textwrap.dedent(body))
    return python("app.py", cwd=place, **keywords)


def functions(trace: Path) -> list[str | None]:
    """The calls of a recording, in their order."""
    return [call.function for root in Trace(trace).calls() for call in root.walk()]


def test_what_runs_between_start_and_stop_is_recorded(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        def before(): pass
        def between(n): return n
        def after(): pass

        print(r.is_tracing())
        session = r.start("out")
        before
        between(3)
        print(r.is_tracing(), str(session.path), session.format)
        r.flush()
        r.stop()
        print(r.is_tracing())
        after()
        """,
    )
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == "False\nTrue out native\nFalse\n"
    assert functions(tmp_path / "out") == ["<module>", "between"]
    assert listing(tmp_path / "out") != []
    assert not list(tmp_path.glob(".out*"))


def test_the_block_of_a_with_is_recorded_and_nothing_of_ours(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        def work(n):
            return n * 2

        def main():
            x = 1
            with r.trace("out", policy={"all": True}) as session:
                x = work(x)
                y = x + 1
            return x

        print(main())
        """,
    )
    assert (ended.status, ended.out, ended.err) == (0, "2\n", "")
    trace = Trace(tmp_path / "out")
    assert functions(tmp_path / "out") == ["<module>", "main", "work"]
    [module] = trace.calls()
    [main] = module.children
    assert module.opened_before
    assert main.opened_before
    lines = [event.line for event in trace.steps() if event.function == "main"]
    source = (tmp_path / "app.py").read_text().splitlines()
    assert {source[line - 1].strip() for line in lines if line} >= {"x = work(x)", "y = x + 1"}
    assert all("codetracer_python_recorder" not in (e.file or "") for e in trace.steps())


def test_a_decorator_records_each_call(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        @r.trace("out")
        def work(n):
            "Doubles."
            return n * 2

        print(work(1), work(4), work.__name__, work.__doc__, r.is_tracing())
        """,
    )
    assert (ended.out, ended.err) == ("2 8 work Doubles. False\n", "")
    [work] = [c for root in Trace(tmp_path / "out").calls() for c in root.walk() if c.args]
    assert (work.function, work.args, work.result) == ("work", {"n": 4}, 8)


def test_the_exception_of_a_block_passes_and_the_recording_is_saved(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        def fail():
            raise KeyError("lost")
        try:
            with r.trace("out"):
                fail()
        except KeyError as error:
            print(repr(error), error.__context__, r.is_tracing())
        """,
    )
    assert (ended.out, ended.err) == ("KeyError('lost') None False\n", "")
    [raised] = Trace(tmp_path / "out").exceptions()
    assert (raised.function, raised.exception and raised.exception.type) == ("fail", "KeyError")


def test_a_session_stops_itself_only(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        with r.start("~/one") as first:
            print(first.path, first)
        first.stop()
        second = r.start("two")
        first.stop()
        first.flush()
        print(r.is_tracing())
        second.stop(exit_code=7)
        second.stop()
        r.stop()
        r.flush()
        print(r.is_tracing())
        """,
        env={"HOME": str(tmp_path)},
    )
    assert ended.err == ""
    assert ended.out.splitlines()[1:] == ["True", "False"]
    assert ended.out.startswith(f"{tmp_path}/one TraceSession(")
    assert Trace(tmp_path / "one").info["exit_status"] is None
    assert Trace(tmp_path / "two").info["exit_status"] == 7


REFUSALS = [
    ("r.start, 'out', format='json'", "ERR_UNSUPPORTED_FORMAT", ["'json'", "native"], []),
    ("r.start, 'out', format='xml'", "ERR_UNSUPPORTED_FORMAT", ["'xml'", "native"], []),
    ("r.start, 'out', format=3", "ERR_INVALID_ARGUMENT", ["format", "int"], ["TypeError"]),
    ("r.start, 'out', start_on_enter='app.py'", "ERR_UNSUPPORTED_OPTION", ["start_on_enter"], []),
    ("r.start, 'out', trace_filter='f.toml'", "ERR_UNSUPPORTED_OPTION", ["trace_filter"], []),
    ("r.start, ''", "ERR_INVALID_ARGUMENT", ["path"], []),
    ("r.start, 'a\\0b'", "ERR_INVALID_ARGUMENT", ["path"], []),
    ("r.start, b'out'", "ERR_INVALID_ARGUMENT", ["path", "bytes"], ["TypeError"]),
    ("r.start, None", "ERR_INVALID_ARGUMENT", ["path", "NoneType"], ["TypeError"]),
    ("r.start, 'out', policy={'depth': 1.5}", "ERR_INVALID_POLICY_VALUE", ["depth"], ["TypeError"]),
    ("r.start, 'out', policy={'all': 3}", "ERR_INVALID_POLICY_VALUE", ["all", "3"], []),
    ("r.start, 'out', policy={'max_items': 0}", "ERR_INVALID_POLICY_VALUE", ["max_items", "0"], []),
    ("r.start, 'out', policy={'depth': 'x'}", "ERR_INVALID_POLICY_VALUE", ["depth", "capture"], []),
    (
        "r.start, 'out', policy={'capture': 'all'}",
        "ERR_INVALID_POLICY_VALUE",
        ["capture", "all", "calls, lines, values", "policy="],
        [],
    ),
    (
        "r.start, 'out', policy={'all': 1.0}",
        "ERR_INVALID_POLICY_VALUE",
        ["all", "float"],
        ["TypeError"],
    ),
    ("r.start, 'out', policy={'trace_dir': 'x'}", "ERR_INVALID_POLICY_VALUE", ["trace_dir"], []),
    ("r.start, 'out', policy=['all']", "ERR_INVALID_ARGUMENT", ["policy", "list"], ["TypeError"]),
    ("r.start, 'app.py'", "ERR_OUTPUT_NOT_DIRECTORY", ["directory"], []),
    ("r.start, 'lib'", "ERR_OUTPUT_FOREIGN", ["thesis.txt"], []),
    ("r.start, 'none/such'", "ERR_NOT_FOUND", [""], ["OSError"]),
    ("r.stop, exit_code='1'", "ERR_INVALID_ARGUMENT", ["exit_code", "str"], ["TypeError"]),
    ("r.stop, exit_code=True", "ERR_INVALID_ARGUMENT", ["exit_code", "bool"], ["TypeError"]),
    ("r.stop, exit_code=2**31", "ERR_INVALID_ARGUMENT", ["exit_code", "32 bits"], []),
    ("r.Trace, 'none'", "ERR_TRACE_NOT_FOUND", ["no recording"], ["OSError"]),
    ("r.Trace, 'app.py'", "ERR_NOT_A_TRACE", [""], []),
    ("r.Trace, 3", "ERR_INVALID_ARGUMENT", ["path", "int"], ["TypeError"]),
]


@pytest.mark.parametrize(("call", "code", "says", "bases"), REFUSALS, ids=[c for c, *_ in REFUSALS])
def test_a_mistake_is_a_coded_error(
    tmp_path: Path, call: str, code: str, says: list[str], bases: list[str]
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "thesis.txt").write_text("mine")
    (tmp_path / "app.py").touch()
    before = listing(tmp_path)
    ended = program(tmp_path, f"attempt({call})\nprint(r.is_tracing())\n")
    assert (ended.status, ended.err) == (0, "")
    report, tracing = ended.out.splitlines()
    found, kind, builtins, message = json.loads(report)
    assert (found, tracing) == (code, "False")
    assert kind == ("EnvironmentError" if code == "ERR_NOT_FOUND" else "UsageError")
    assert set(bases) <= set(builtins)
    for part in says:
        assert part in message
    assert listing(tmp_path) == before


def test_one_process_has_one_recording(tmp_path: Path) -> None:
    body = """
        with r.trace("out"):
            attempt(r.start, "other")
            print(r.is_tracing())
        print(r.is_tracing())
    """
    ended = program(tmp_path, body)
    assert ended.out.startswith('["ERR_ALREADY_TRACING", "UsageError", ["ValueError"')
    assert ended.out.endswith("True\nFalse\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.py", "out"]


def test_a_program_under_record_is_told_that_it_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PRELUDE + 'attempt(r.start, "other")\nprint(r.is_tracing())\n')
    ended = recorder("record", "app.py", cwd=tmp_path)
    assert "ERR_ALREADY_TRACING" in ended.out
    assert ended.out.endswith("True\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.py", "trace-out"]


def test_the_environment_sets_switches_unless_told_not_to(tmp_path: Path) -> None:
    body = """
        def work(): return 1
        for name, more in (("a", {}), ("b", {"apply_env_policy": False}),
                           ("c", {"policy": {"capture": "values"}})):
            with r.trace(name, **more):
                work()
    """
    ended = program(tmp_path, body, env={"CODETRACER_CAPTURE": "calls"})
    assert (ended.status, ended.err) == (0, "")
    lines = [Trace(tmp_path / name).info["lines"] > 0 for name in "abc"]
    assert lines == [False, True, True]
    bad = program(tmp_path, "attempt(r.start, 'd')", env={"CODETRACER_CAPTURE": "some"})
    assert json.loads(bad.out)[0] == "ERR_INVALID_POLICY_VALUE"
    assert "CODETRACER_CAPTURE" in bad.out


def test_a_place_that_cannot_be_written_follows_the_policy(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o555)
    body = """
        try:
            r.start("closed/out")
        except r.EnvironmentError as error:
            import errno
            print(error.code, isinstance(error, PermissionError), error.errno == errno.EACCES)
        with r.trace("closed/out", policy={"on_recorder_error": "disable"}) as session:
            print(r.is_tracing())
            session.flush()
        print("done")
    """
    ended = program(tmp_path, body, before=unprivileged)
    assert ended.out == "ERR_PERMISSION True True\nFalse\ndone\n"
    assert ended.err.startswith("recorder: ERR_PERMISSION: ")
    assert ended.err.endswith("[the program runs unrecorded]\n")
    assert ended.err.count("\n") == 1
    assert listing(tmp_path) == ["app.py", "closed"]


def test_taken_tool_ids_follow_the_policy(tmp_path: Path) -> None:
    body = """
        for number in range(6):
            sys.monitoring.use_tool_id(number, f"tool-{number}")
        attempt(r.start, "out")
        r.start("out", policy={"on_recorder_error": "disable"})
        print(r.is_tracing(), sys.monitoring.get_tool(4))
    """
    ended = program(tmp_path, body)
    assert ended.out.startswith('["ERR_TOOL_ID_UNAVAILABLE", "EnvironmentError", ["OSError"]')
    assert ended.out.endswith("False tool-4\n")
    assert ended.err.startswith("recorder: ERR_TOOL_ID_UNAVAILABLE: ")
    assert listing(tmp_path) == ["app.py"]


def test_a_tool_id_that_the_program_frees_is_told_once(tmp_path: Path) -> None:
    free = """
        def free():
            for number in range(6):
                if sys.monitoring.get_tool(number):
                    sys.monitoring.free_tool_id(number)
    """
    ended = program(tmp_path, textwrap.dedent(free) + textwrap.dedent("""
        r.start("out")
        free()
        attempt(r.stop)
        attempt(r.stop)
        try:
            with r.trace("out"):
                free()
                1 / 0
        except ZeroDivisionError:
            print("passes")
        r.start("out", policy={"on_recorder_error": "disable"})
        free()
        r.stop()
        print("done")
    """))  # fmt: skip
    lines = ended.out.splitlines()
    assert json.loads(lines[0])[:2] == ["ERR_TOOL_ID_TAKEN", "TargetError"]
    assert lines[1:] == ["null", "passes", "done"]
    assert ended.err.count("ERR_TOOL_ID_TAKEN") == ended.err.count("\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.py"]


def test_importing_the_package_imports_nothing_else(tmp_path: Path) -> None:
    code = (
        "import sys; before = set(sys.modules); import codetracer_python_recorder as r; "
        "print(sorted(set(sys.modules) - before)); print(r.DEFAULT_FORMAT)"
    )
    ended = python("-c", code, cwd=tmp_path)
    assert ended.out == "['codetracer_python_recorder']\nnative\n"


def test_the_public_names_are_there(tmp_path: Path) -> None:
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert getattr(package, name) is not None
    assert package.DEFAULT_FORMAT == package.TRACE_NATIVE == "native"
    assert (package.TRACE_BINARY, package.TRACE_JSON) == ("binary", "json")
    with pytest.raises(AttributeError, match="no attribute 'configure'"):
        package.configure  # noqa: B018
    assert recorder("--version", cwd=tmp_path).out == (
        f"codetracer-python-recorder {package.__version__}\n"
    )
    for module in ("reading", "session", "formats"):
        importlib.import_module(f"codetracer_python_recorder.{module}")
    assert all(callable(getattr(package, name)) for name in ("start", "stop", "flush", "trace"))
