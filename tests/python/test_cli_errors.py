"""Each refusal of the command line: code, words, exit status, and nothing left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.runs import MODULE, Ended, clean_environment, listing, recorder, run, unprivileged

SCRIPT = "print('ran')\n"


@dataclass(frozen=True)
class Refusal:
    """A command line that is refused."""

    name: str
    words: Sequence[str]
    code: str
    status: int
    says: Sequence[str]
    prepare: Callable[[Path], object] = lambda place: None
    before: Callable[[], object] | None = None
    env: dict[str, str] = field(default_factory=dict)


def script(place: Path) -> None:
    (place / "app.py").write_text(SCRIPT)


def with_script(more: Callable[[Path], object]) -> Callable[[Path], None]:
    def prepare(place: Path) -> None:
        script(place)
        more(place)

    return prepare


def file(name: str, content: bytes = b"text\n", mode: int = 0o644) -> Callable[[Path], None]:
    def prepare(place: Path) -> None:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
        (place / name).chmod(mode)

    return prepare


def directory(name: str, mode: int = 0o755) -> Callable[[Path], None]:
    def prepare(place: Path) -> None:
        (place / name).mkdir()
        (place / name).chmod(mode)

    return prepare


def socket_at(name: str) -> Callable[[Path], None]:
    def prepare(place: Path) -> None:
        import socket

        here = os.getcwd()
        os.chdir(place)
        try:
            with socket.socket(socket.AF_UNIX) as it:
                it.bind(name)
        finally:
            os.chdir(here)

    return prepare


def recorded(place: Path) -> Path:
    script(place)
    done = recorder("record", "app.py", cwd=place)
    assert done.status == 0, done.err
    return place / "trace-out"


def link_to_foreign(place: Path) -> None:
    file("out/thesis.txt")(place)
    (place / "link").symlink_to("out")


def truncated(place: Path) -> None:
    trace = recorded(place) / "trace.mcap"
    os.truncate(trace, trace.stat().st_size // 2)


def flipped(place: Path) -> None:
    trace = recorded(place) / "trace.mcap"
    content = bytearray(trace.read_bytes())
    content[len(content) // 3] ^= 0xFF
    trace.write_bytes(content)


def emptied(place: Path) -> None:
    os.truncate(recorded(place) / "trace.mcap", 0)


TARGETS = [
    Refusal("nothing", [], "ERR_INVALID_ARGUMENT", 2, ["--help"]),
    Refusal("record alone", ["record"], "ERR_INVALID_ARGUMENT", 2, ["script", "--help"]),
    Refusal(
        "missing script",
        ["record", "missing.py"],
        "ERR_SCRIPT_NOT_FOUND",
        2,
        ["path=missing.py", "Check the path"],
    ),
    Refusal(
        "missing script, no command", ["missing.py"], "ERR_SCRIPT_NOT_FOUND", 2, ["missing.py"]
    ),
    Refusal(
        "script below a file",
        ["record", "app.py/x"],
        "ERR_SCRIPT_NOT_FOUND",
        2,
        ["path=app.py/x"],
        script,
    ),
    Refusal("misspelt command", ["inof"], "ERR_UNKNOWN_COMMAND", 2, ["'inof'", "--help"]),
    Refusal(
        "unreadable script",
        ["record", "secret.py"],
        "ERR_SCRIPT_UNREADABLE",
        2,
        ["path=secret.py", "denies"],
        file("secret.py", mode=0),
        unprivileged,
    ),
    Refusal(
        "script in a closed directory",
        ["record", "closed/app.py"],
        "ERR_SCRIPT_UNREADABLE",
        2,
        ["path=closed/app.py", "denies"],
        directory("closed", 0),
        unprivileged,
    ),
    Refusal(
        "directory without __main__",
        ["record", "empty"],
        "ERR_SCRIPT_UNREADABLE",
        2,
        ["path=empty", "__main__.py"],
        directory("empty"),
    ),
    Refusal(
        "socket",
        ["record", "it.sock"],
        "ERR_SCRIPT_UNREADABLE",
        2,
        ["path=it.sock", "no file"],
        socket_at("it.sock"),
    ),
    Refusal("standard input", ["record", "-"], "ERR_INVALID_ARGUMENT", 2, ["save it in a file"]),
    Refusal(
        "missing module",
        ["record", "-m", "no_such_module.part"],
        "ERR_MODULE_NOT_FOUND",
        2,
        ["module=no_such_module.part", "python -m"],
    ),
    Refusal("relative module", ["record", "-m", ".x"], "ERR_INVALID_ARGUMENT", 2, ["'.x'"]),
    Refusal("module without a name", ["record", "-m"], "ERR_INVALID_ARGUMENT", 2, ["-m needs"]),
    Refusal("code without text", ["record", "-c"], "ERR_INVALID_ARGUMENT", 2, ["-c needs"]),
]

OPTIONS = [
    Refusal(
        "unknown option",
        ["record", "--verbos", "app.py"],
        "ERR_UNKNOWN_OPTION",
        2,
        ["--verbos", "--help"],
        script,
    ),
    Refusal(
        "unknown short option", ["-x", "app.py"], "ERR_UNKNOWN_OPTION", 2, ["option=-x"], script
    ),
    Refusal(
        "unknown format",
        ["record", "--format", "xml", "app.py"],
        "ERR_UNSUPPORTED_FORMAT",
        2,
        ["'xml'", "native"],
        script,
    ),
    Refusal(
        "format of 0.3.0",
        ["record", "--format=json", "app.py"],
        "ERR_UNSUPPORTED_FORMAT",
        2,
        ["'json'", "native"],
        script,
    ),
    *(
        Refusal(
            f"not yet: {words[0]}",
            ["record", *words, "app.py"],
            "ERR_UNSUPPORTED_OPTION",
            2,
            [f"option={words[0].partition('=')[0]}", "Leave out the option"],
            script,
        )
        for words in (
            ["--trace-filter", "f.toml"],
            ["--activation-path", "app.py"],
            ["--io-capture", "off"],
            ["--io-capture=off"],
            ["--pytest"],
            ["--unittest"],
        )
    ),
    Refusal(
        "bad switch",
        ["record", "--capture", "everything", "app.py"],
        "ERR_INVALID_POLICY_VALUE",
        2,
        ["capture", "everything", "calls, lines, values", "command line"],
        script,
    ),
    Refusal(
        "bad variable",
        ["record", "app.py"],
        "ERR_INVALID_POLICY_VALUE",
        2,
        ["CODETRACER_ON_RECORDER_ERROR", "explode", "abort, disable"],
        script,
        env={"CODETRACER_ON_RECORDER_ERROR": "explode"},
    ),
    Refusal(
        "no value",
        ["record", "--trace-dir"],
        "ERR_INVALID_ARGUMENT",
        2,
        ["--trace-dir needs a value"],
        script,
    ),
    Refusal(
        "value for a flag",
        ["record", "--all=yes", "app.py"],
        "ERR_INVALID_ARGUMENT",
        2,
        ["--all takes no value"],
        script,
    ),
    Refusal(
        "unknown option of info",
        ["info", "--jsn", "."],
        "ERR_UNKNOWN_OPTION",
        2,
        ["info has no option --jsn", "--help"],
    ),
    Refusal("too many words", ["info", "a", "b"], "ERR_INVALID_ARGUMENT", 2, ["'b'", "--help"]),
    Refusal(
        "bad depth",
        ["print", "--depth", "minus-one"],
        "ERR_INVALID_ARGUMENT",
        2,
        ["--depth", "minus-one"],
    ),
    Refusal("unknown code", ["explain", "ERR_NO"], "ERR_UNKNOWN_CODE", 2, ["ERR_NO"]),
]

OUTPUTS = [
    Refusal(
        "file as output",
        ["record", "--trace-dir", "out", "app.py"],
        "ERR_OUTPUT_NOT_DIRECTORY",
        2,
        ["/out", "--trace-dir"],
        with_script(file("out")),
    ),
    Refusal(
        "foreign directory",
        ["record", "--trace-dir", "out", "app.py"],
        "ERR_OUTPUT_FOREIGN",
        2,
        ["/out", "--trace-dir"],
        with_script(file("out/thesis.txt")),
    ),
    Refusal(
        "link to a foreign directory",
        ["record", "--trace-dir", "link", "app.py"],
        "ERR_OUTPUT_FOREIGN",
        2,
        ["/out", "--trace-dir"],
        with_script(
            lambda place: (file("out/thesis.txt")(place), (place / "link").symlink_to("out"))
        ),
    ),
    Refusal(
        "closed directory",
        ["record", "--trace-dir", "closed/out", "app.py"],
        "ERR_PERMISSION",
        10,
        ["/closed/", "--trace-dir"],
        with_script(directory("closed", 0o555)),
        unprivileged,
    ),
    Refusal(
        "no parent",
        ["record", "--trace-dir", "none/such/out", "app.py"],
        "ERR_NOT_FOUND",
        10,
        ["/none/such"],
        script,
    ),
    Refusal(
        "file as parent",
        ["record", "--trace-dir", "app.py/out", "app.py"],
        "ERR_TRACE_DIR_CREATE_FAILED",
        10,
        ["app.py/out"],
        script,
    ),
    Refusal(
        "name too long",
        ["record", "--trace-dir", "x" * 300, "app.py"],
        "ERR_TRACE_DIR_CREATE_FAILED",
        10,
        ["x" * 300],
        script,
    ),
    Refusal(
        "name that is no text",
        ["record", "--trace-dir", "out\udcff", "app.py"],
        "ERR_INVALID_POLICY_VALUE",
        2,
        ["trace_dir", "valid text"],
        script,
    ),
    Refusal(
        "no name",
        ["record", "--trace-dir=", "app.py"],
        "ERR_INVALID_POLICY_VALUE",
        2,
        ["trace_dir", "not empty"],
        script,
    ),
]

READERS = ("info", "print", "recover")
READING = [
    refusal
    for command in READERS
    for refusal in [
        Refusal(f"{command} nothing", [command], "ERR_TRACE_NOT_FOUND", 2, ["trace-out"]),
        Refusal(
            f"{command} empty directory",
            [command, "empty"],
            "ERR_TRACE_NOT_FOUND",
            2,
            ["empty"],
            directory("empty"),
        ),
        Refusal(f"{command} no name", [command, ""], "ERR_INVALID_ARGUMENT", 2, ["DIR"]),
    ]
] + [
    refusal
    for command in ("info", "print")
    for refusal in [
        Refusal(
            f"{command} foreign file",
            [command, "app.py"],
            "ERR_NOT_A_TRACE",
            2,
            ["app.py"],
            script,
        ),
        Refusal(
            f"{command} foreign directory",
            [command, "out"],
            "ERR_NOT_A_TRACE",
            2,
            ["out"],
            file("out/thesis.txt"),
        ),
        Refusal(
            f"{command} closed directory",
            [command, "closed"],
            "ERR_PERMISSION",
            10,
            ["closed"],
            directory("closed", 0),
            unprivileged,
        ),
        Refusal(
            f"{command} truncated", [command], "ERR_TRACE_CORRUPT", 10, ["trace.mcap"], truncated
        ),
        Refusal(f"{command} emptied", [command], "ERR_NOT_A_TRACE", 2, ["trace.mcap"], emptied),
        Refusal(
            f"{command} recording of another format",
            [command, "old"],
            "ERR_TRACE_VERSION",
            10,
            ["old"],
            lambda place: [
                file(f"old/{name}", b"{}")(place)
                for name in ("trace.json", "trace_metadata.json", "trace_paths.json")
            ],
        ),
    ]
]


def _ids(refusals: Sequence[Refusal]) -> list[str]:
    return [refusal.name for refusal in refusals]


ALL = [*TARGETS, *OPTIONS, *OUTPUTS, *READING]


@pytest.mark.parametrize("refusal", ALL, ids=_ids(ALL))
def test_it_is_one_line_with_code_place_and_advice(tmp_path: Path, refusal: Refusal) -> None:
    refusal.prepare(tmp_path)
    before = listing(tmp_path)
    ended = recorder(*refusal.words, cwd=tmp_path, env=refusal.env, before=refusal.before)
    check(ended, refusal)
    assert listing(tmp_path) == before


def check(ended: Ended, refusal: Refusal) -> None:
    assert ended.err.startswith(f"recorder: {refusal.code}: "), ended.err
    assert ended.err.count("\n") == 1
    for part in refusal.says:
        assert part in ended.err
    assert ended.out == ""
    assert ended.status == refusal.status


def test_a_block_that_is_damaged_is_found_while_reading(tmp_path: Path) -> None:
    flipped(tmp_path)
    for command in ("info", "print"):
        ended = recorder(command, cwd=tmp_path)
        if ended.status != 0:
            assert ended.status == 10
            assert ended.err.startswith("recorder: ERR_TRACE_CORRUPT: ")
    assert any(recorder(command, cwd=tmp_path).status == 10 for command in ("info", "print"))


def test_an_older_recording_is_replaced_and_a_foreign_one_never(tmp_path: Path) -> None:
    trace = recorded(tmp_path)
    first = (trace / "trace_metadata.json").read_text()
    recorded(tmp_path)
    assert (trace / "trace_metadata.json").read_text() != first
    (trace / "thesis.txt").write_text("mine")
    before = listing(tmp_path)
    ended = recorder("record", "app.py", cwd=tmp_path)
    assert ended.err.startswith("recorder: ERR_OUTPUT_FOREIGN: ")
    assert (ended.status, ended.out) == (2, "")
    assert listing(tmp_path) == before


def _other_interpreters() -> list[Path]:
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = sorted(versions.glob("3.*/bin/python3"))
    return [path for path in found if int(path.parts[-3].split(".")[1]) in range(7, 12)]


@pytest.mark.parametrize("words", [["record", "app.py"], ["info"], ["app.py"]], ids=" ".join)
def test_an_interpreter_that_is_too_old_is_told_so(tmp_path: Path, words: list[str]) -> None:
    script(tmp_path)
    shutil.copytree(_package(), tmp_path / "lib" / "codetracer_python_recorder")
    for interpreter in _other_interpreters():
        before = sorted(path.name for path in tmp_path.iterdir())
        ended = run(
            [interpreter, "-B", "-m", "codetracer_python_recorder", *words],
            tmp_path,
            env={"PYTHONPATH": str(tmp_path / "lib")},
        )
        assert ended.err.startswith("recorder: ERR_UNSUPPORTED_PYTHON: "), (interpreter, ended.err)
        assert "3.12 or later" in ended.err or "does not fit" in ended.err
        assert ended.err.count("\n") == 1
        assert (ended.status, ended.out) == (10, "")
        assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_compiled_module_that_does_not_fit_is_told_with_a_code(tmp_path: Path) -> None:
    script(tmp_path)
    copy = tmp_path / "lib" / "codetracer_python_recorder"
    shutil.copytree(_package(), copy, ignore=shutil.ignore_patterns("_native*.so"))
    env = {"PYTHONPATH": str(tmp_path / "lib")}
    for words in (["record", "app.py"], ["print"], ["--version"]):
        ended = run([*MODULE, *words], tmp_path, env=env)
        assert ended.err.startswith("recorder: ERR_UNSUPPORTED_PYTHON: ")
        assert (ended.status, ended.out) == (10, "")
    disabled = run(
        [*MODULE, "record", "--on-recorder-error", "disable", "app.py"], tmp_path, env=env
    )
    assert (disabled.status, disabled.out) == (0, "ran\n")
    assert disabled.err.startswith("recorder: ERR_UNSUPPORTED_PYTHON: ")
    assert disabled.err.endswith("[the program runs unrecorded]\n")


def _package() -> Path:
    import codetracer_python_recorder

    return Path(codetracer_python_recorder.__file__).parent


DISABLED = [["--on-recorder-error", "disable"], ["--on-recorder-error=disable"], []]


@pytest.mark.parametrize("words", DISABLED, ids=["flag", "joined flag", "variable"])
def test_what_the_machine_forbids_is_a_warning_under_disable(
    tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "app.py").write_text("import os, sys\nprint(sorted(os.environ))\nsys.exit(3)\n")
    directory("closed", 0o555)(tmp_path)
    env = {} if words else {"CODETRACER_ON_RECORDER_ERROR": "disable"}
    ended = recorder(
        "record", *words, "--trace-dir", "closed/out", "app.py",
        cwd=tmp_path, env=env, before=unprivileged,
    )  # fmt: skip
    assert ended.status == 3
    assert "CODETRACER_PYTHON_RECORDER_LAUNCH" not in ended.out
    assert ended.err.startswith("recorder: ERR_PERMISSION: ")
    assert ended.err.endswith("[the program runs unrecorded]\n")
    assert ended.err.count("\n") == 1
    assert listing(tmp_path) == ["app.py", "closed"]


@pytest.mark.parametrize(
    "words",
    [
        ["record", "missing.py"],
        ["record", "--trace-dir", "foreign", "app.py"],
        ["record", "--capture", "nothing", "app.py"],
    ],
    ids=lambda words: words[-2],
)
def test_a_usage_mistake_ends_under_every_policy(tmp_path: Path, words: list[str]) -> None:
    with_script(file("foreign/thesis.txt"))(tmp_path)
    env = {"CODETRACER_ON_RECORDER_ERROR": "disable"}
    ended = recorder(*words, cwd=tmp_path, env=env)
    assert (ended.status, ended.out) == (2, "")


TAKE_ALL = """
import sys
for number in range(6):
    sys.monitoring.use_tool_id(number, f"tool-{number}")
"""


def test_tool_ids_that_are_all_taken_are_named(tmp_path: Path) -> None:
    script(tmp_path)
    hook = tmp_path / "lib"
    hook.mkdir()
    (hook / "taker.py").write_text(TAKE_ALL)
    program = (
        "import runpy, sys; sys.path.insert(0, 'lib'); import taker; "
        "sys.argv[1:] = ['record', 'app.py']; "
        "runpy.run_module('codetracer_python_recorder', None, '__main__')"
    )
    before = listing(tmp_path)
    env = {"PYTHONPATH": str(_package().parent), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = run([sys.executable, "-S", "-c", program], tmp_path, env=env)
    assert ended.err.startswith("recorder: ERR_TOOL_ID_UNAVAILABLE: ")
    assert "tool-0" in ended.err
    assert "tool-5" in ended.err
    assert (ended.status, ended.out) == (10, "")
    assert listing(tmp_path) == before


def test_a_closed_pipe_ends_print_quietly(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def f(n):\n    return n\nfor n in range(20000):\n    f(n)\n")
    assert recorder("record", "app.py", cwd=tmp_path).status == 0
    for words in ([], ["--json"], ["--lines"]):
        process = subprocess.Popen(
            [*MODULE, "print", *words],
            cwd=tmp_path,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(timeout=30) == 141
