"""``print``, ``info`` and ``recover`` as a person and a program read them."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.runs import MODULE, clean_environment, next_command, recorder, run

SOURCE = """\
import threading

class Box:
    def add(self, n):
        return helper(n) + 1

def helper(n):
    if n > 2:
        raise ValueError("tëo big")
    return n

def main():
    box = Box()
    total = box.add(1)
    try:
        box.add(3)
    except ValueError:
        pass
    thread = threading.Thread(target=helper, args=(2,), name="w\\x1b[31m")
    thread.start()
    thread.join()
    return total

main()
"""
INFO_KEYS = """
    events calls lines exceptions threads tasks processes bytes duration_ns partial reason
    exit_status run_id trace_id python platform schema_version policy counters
"""
EVENT_KEYS = "kind step ns thread task file line function values exception origin"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a recording."""
    place = tmp_path_factory.mktemp("recorded")
    (place / "app.py").write_text(SOURCE, encoding="utf-8")
    ended = recorder("record", "app.py", "--flag", cwd=place)
    assert ended.status == 0, ended.err
    return place


def shown(place: Path, *words: str, **keywords: Any) -> list[str]:
    """The lines of ``print`` without their places."""
    ended = recorder("print", *words, cwd=place, **keywords)
    assert (ended.status, ended.err) == (0, "")
    return [line.split("  [")[0] for line in ended.out.splitlines()]


def events(place: Path, *words: str) -> list[dict[str, Any]]:
    ended = recorder("print", "--json", *words, cwd=place)
    assert (ended.status, ended.err) == (0, "")
    return [json.loads(line) for line in ended.out.splitlines()]


def test_print_is_a_tree_of_calls(place: Path) -> None:
    lines = shown(place)
    assert lines[0] == "<module>"
    assert "    Box.add(self=Box(), n=1)" in lines
    assert "      helper(n=1) -> 1" in lines
    assert any("ValueError: tëo big" in line for line in lines)
    assert not any("\x1b" in line for line in lines)
    assert not any(line.strip().startswith("|") for line in lines)


def test_print_can_show_lines_levels_functions_and_threads(place: Path) -> None:
    assert any("total = box.add(1)" in line for line in shown(place, "--lines"))
    assert any(re.search(r"total = 2$", line) for line in shown(place, "--lines"))
    assert max(_level(line) for line in shown(place, "--depth", "2")) <= 2
    of_box = shown(place, "--function", "add")
    assert of_box[0] == "Box.add(self=Box(), n=1)"
    assert of_box == shown(place, "--function", "Box.*")
    assert shown(place, "--function", "nothing") == []
    number = next(e["thread"] for e in events(place) if e["thread"] != 0)
    of_thread = shown(place, "--thread", str(number))
    assert of_thread == shown(place, "--thread", "w\x1b[31m")
    assert [line for line in of_thread if "helper" in line] == ["helper(n=2) -> 2"]
    assert {e["thread"] for e in events(place, "--thread", str(number))} == {number}


def _level(line: str) -> int:
    return (len(line) - len(line.lstrip())) // 2


def test_json_has_the_documented_keys_on_every_event(place: Path) -> None:
    found = events(place)
    assert all(event.keys() >= set(EVENT_KEYS.split()) for event in found)
    assert [event["step"] for event in found] == list(range(len(found)))
    call = next(e for e in found if e["kind"] == "call" and e["function"] == "Box.add")
    assert call["values"]["n"] == {"type": "int", "value": 1}
    assert call["values"]["self"]["type"] == "Box"
    raised = [e for e in found if e["kind"] == "raise" and e["origin"]]
    assert [e["exception"]["message"] for e in raised] == ["tëo big"]


def test_json_shows_the_same_selection_as_the_tree(place: Path) -> None:
    of_add = events(place, "--function", "add")
    assert {e["function"] for e in of_add} == {"Box.add", "helper"}
    assert all(e["depth"] >= 2 for e in of_add)
    assert {e["function"] for e in events(place, "--function", "add", "--depth", "1")} == {
        "Box.add"
    }
    assert {e["depth"] for e in events(place, "--depth", "2")} == {0, 1}


@pytest.mark.parametrize("words", ["-m app", "-mapp"])
def test_info_names_the_module_that_ran(tmp_path: Path, words: str) -> None:
    (tmp_path / "app.py").write_text(
        "import os, subprocess, sys\nif not os.fork():\n    os._exit(0)\nos.wait()\n"
        "if sys.argv[1:]:\n    subprocess.run([sys.executable, '-Wi', '-m', 'app'])\n"
    )
    ended = recorder("record", "--follow", *words.split(), "-m", "x", cwd=tmp_path)
    assert ended.status == 0, ended.err
    info = json.loads(recorder("info", "--json", "trace-out", cwd=tmp_path).out)
    [child, started] = info["children"]
    [of_started] = started["children"]
    seen = [(about["program"], about["args"]) for about in (info, child, started, of_started)]
    assert seen == [("-m app", ["-m", "x"])] * 2 + [("-m app", [])] * 2


def test_info_says_what_was_recorded(place: Path) -> None:
    ended = recorder("info", cwd=place)
    assert (ended.status, ended.err) == (0, "")
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in ended.out.splitlines())
    assert rows["program"] == "app.py --flag"
    assert rows["exit status"] == "0"
    assert rows["directory"] == str(place)
    assert rows["threads"].startswith("2 (MainThread, w")
    assert "\x1b" not in ended.out
    assert re.fullmatch(r"\d+ \(8 calls, \d+ lines, 1 exceptions\)", rows["events"])
    assert rows["policy"] == (
        "on_recorder_error=abort keep_partial_trace=off require_trace=off"
        " propagate_script_exit=on json_errors=off log_level=off log_file= capture=values"
        " all=off follow=off max_string=1024"
        " max_bytes=256 max_items=64 max_objects=256 max_depth=4 overload=wait"
        " flight_recorder= dump_on=none"
    )
    assert (
        len({line.index(line.split("  ")[-1].strip()) for line in ended.out.splitlines()[:4]}) == 1
    )


def test_info_as_json_has_the_documented_keys(place: Path) -> None:
    ended = recorder("info", "--json", cwd=place)
    info = json.loads(ended.out)
    assert ended.out.count("\n") == 1
    assert info.keys() >= set(INFO_KEYS.split())
    found = events(place)
    assert info["events"] == len(found)
    for key, kind in (("calls", "call"), ("lines", "line")):
        assert info[key] == sum(e["kind"] == kind for e in found)
    assert (info["exceptions"], info["threads"], info["tasks"]) == (1, 2, 0)
    assert (info["partial"], info["reason"], info["exit_status"]) == (False, None, 0)


@pytest.mark.parametrize("words", [["record"], []], ids=["by name", "by default"])
def test_the_closing_line_proposes_a_command_that_works(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "my app.py").write_text("print(1)\n")
    by_script = recorder(*words, "--trace-dir", "my out", "my app.py", cwd=tmp_path)
    by_module = run([*MODULE, *words, "--trace-dir", "my out", "my app.py"], tmp_path)
    for ended in (by_script, by_module):
        pasted = run(["sh", "-c", next_command(ended.err)], tmp_path)
        assert (pasted.status, pasted.err) == (0, "")
        assert pasted.out.startswith("<module>")
    on_path = f"{os.path.dirname(shlex.split(next_command(by_script.err))[0])}:{os.environ['PATH']}"
    by_name = run(
        ["codetracer-python-recorder", *words, "my app.py"], tmp_path, env={"PATH": on_path}
    )
    assert next_command(by_name.err).startswith("codetracer-python-recorder print ")


def test_output_is_coloured_on_a_terminal_only(place: Path) -> None:
    def on_terminal(*words: str, **env: str) -> str:
        parent, child = pty.openpty()
        process = subprocess.Popen(
            [*MODULE, *words], cwd=place, env=clean_environment(**env), stdout=child, stderr=child
        )
        os.close(child)
        pieces = []
        while True:
            try:
                piece = os.read(parent, 65536)
            except OSError:
                break
            if not piece:
                break
            pieces.append(piece)
        os.close(parent)
        process.wait(timeout=30)
        return b"".join(pieces).decode()

    assert "\x1b[" in on_terminal("print")
    assert "\x1b[" not in on_terminal("print", NO_COLOR="1")
    assert "\x1b[" not in on_terminal("print", "--color", "never")
    assert "\x1b[" in "\n".join(shown(place, "--color", "always"))
    assert "\x1b[31m" in on_terminal("print", "nowhere")
    assert "\x1b[" not in on_terminal("print", "nowhere", NO_COLOR="1")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_output_does_not_depend_on_the_locale(place: Path, encoding: str) -> None:
    env = {"PYTHONIOENCODING": encoding}
    as_json = recorder("print", "--json", cwd=place, env=env)
    assert (as_json.status, as_json.err) == (0, "")
    assert "tëo big" in as_json.out
    for words in (["print"], ["print", "--lines"], ["info"]):
        ended = recorder(*words, cwd=place, env=env)
        assert (ended.status, ended.err) == (0, "")


def test_recover_saves_what_a_killed_program_left(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import os, signal\ndef f(n):\n    return n\nf(1)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = recorder("record", "app.py", cwd=tmp_path)
    assert ended.status == -signal.SIGKILL
    unfinished = recorder("print", cwd=tmp_path)
    assert "f(n=1) -> 1" in unfinished.out
    assert unfinished.err.startswith("recorder: this recording is not finished (interrupted): ")
    recovered = recorder("recover", "--json", cwd=tmp_path)
    assert recovered.status == 0, recovered.err
    [kept] = json.loads(recovered.out)["recordings"]
    assert (kept["dir"], kept["partial"]) == (str(tmp_path / "trace-out"), True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.py", "trace-out"]
    info = json.loads(recorder("info", "--json", cwd=tmp_path).out)
    assert (info["partial"], info["reason"], info["exit_status"]) == (True, "killed", None)
    assert info["events"] == kept["events"]
    again = recorder("recover", cwd=tmp_path)
    assert again.err.startswith("recorder: ERR_TRACE_NOT_FOUND: ")
    assert again.status == 2


def test_recover_tells_people_what_it_kept(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x = 1\nimport os\nos.kill(os.getpid(), 9)\n")
    assert recorder("app.py", cwd=tmp_path).status == -9
    recovered = recorder("recover", cwd=tmp_path)
    assert (recovered.status, recovered.err) == (0, "")
    assert re.fullmatch(
        rf"recovered {tmp_path}/trace-out: \d+ events.*; partial, .*\n", recovered.out
    )


HELP = ["--help", "-h", "record --help", "info -h", "print --help", "recover --help", "explain -h"]


@pytest.mark.parametrize("words", HELP)
def test_help_is_on_stdout_and_is_no_failure(tmp_path: Path, words: str) -> None:
    ended = recorder(*words.split(), cwd=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("usage: codetracer-python-recorder")
    assert ended.out.endswith("\n")


def test_the_help_of_record_names_every_switch(tmp_path: Path) -> None:
    from codetracer_python_recorder._gen.policy import SWITCHES

    text = recorder("record", "--help", cwd=tmp_path).out
    for switch in SWITCHES:
        assert switch.flag in text
        assert " ".join(switch.doc.split()) in " ".join(text.split())
    for command in ("record", "info", "print", "recover", "explain"):
        assert re.search(rf"^  {command} ", recorder("--help", cwd=tmp_path).out, re.MULTILINE)
