"""What a program can find out about itself is the same when it is recorded."""

import ast
import re
from pathlib import Path

import pytest
from support.runs import python, recorder, without_closing

# Each program prints what it finds out.
PROGRAMS = {
    "another holder of code extras is asked to free nothing": """
import ctypes
freed = []
@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def free(extra):
    freed.append(extra)
request = ctypes.pythonapi.PyUnstable_Eval_RequestCodeExtraIndex
request.argtypes, request.restype = (type(free),), ctypes.c_ssize_t
request(free)
for i in range(3):
    names = {}
    exec("def f():\\n  return 1\\nf()", names)
    del names
print(len(freed))
""",
    "a generator that calls itself goes as deep": """
def walk(depth):
    if depth:
        for x in walk(depth - 1):
            yield x
    yield depth
print(sum(1 for _ in walk(900)))
""",
    "functions, classes and generators go as deep": """
def deepest(call):
    low, high = 1, 4000
    while low < high:
        middle = (low + high + 1) // 2
        try:
            call(middle)
            low = middle
        except RecursionError:
            high = middle - 1
    return low
def plain(n): return n and plain(n - 1)
def delegates(n):
    yield n
    if n: yield from delegates(n - 1)
class Node:
    def __init__(self, n): self.below = Node(n - 1) if n else None
class Down:
    def __init__(self, n): self.n = n
    @property
    def last(self): return Down(self.n - 1).last if self.n else 0
async def waits(n): return n and await waits(n - 1)
def drive(n):
    try: waits(n).send(None)
    except StopIteration: pass
for call in plain, lambda n: list(delegates(n)), Node, lambda n: Down(n).last, drive:
    print(deepest(call))
""",
    "a key of a namespace is compared no more often": """
calls = []
class Key:
    def __hash__(self): return hash("__name__")
    def __eq__(self, other): calls.append(other); return False
names = {Key(): 1}
code = compile("def h(x):\\n  return x\\nh(3)\\n", "generated", "exec")
calls.clear()
exec(code, names)
print(len(calls))
""",
    "a file gets the lowest descriptor that is free": """
import importlib, os, sys, tempfile
where = tempfile.mkdtemp()
sys.path.insert(0, where)
body = "def f(k):\\n    t = 0\\n    for i in range(k):\\n        t += i * 3\\n    return t\\n"
wrong = 0
for n in range(20):
    with open(f"{where}/big{n}.py", "w") as file:
        file.write(body + "# filler\\n" * 200_000)
    importlib.import_module(f"big{n}").f(30_000)
    for _ in range(2000):
        file = os.open("/dev/null", 0)
        wrong += file != 3
        os.close(file)
print(wrong)
""",
    "a thread that is left behind ends with the program": """
import atexit, os, threading, time
def tick():
    while True:
        time.sleep(0.002)
        if done: os.write(1, b"after the end\\n")
done = False
threading.Thread(target=tick, daemon=True).start()
def finish():
    global done
    done = True
atexit.register(finish)
total = 0
for i in range(400_000):
    total += i
""",
    "an audit hook hears of nothing": """
import sys
def hook(name, args):
    if name.startswith("sys.monitoring"): print("audit", name)
sys.addaudithook(hook)
""",
    "nothing is garbage": """
import gc
print(gc.collect())
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_recorded_program_finds_what_it_finds_unrecorded(name: str, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAMS[name])
    env = {"PYTHONHASHSEED": "0"}
    plain = python(script, cwd=tmp_path, env=env)
    out = tmp_path / "out"
    recorded = recorder("record", "--trace-dir", out, script, cwd=tmp_path, env=env)
    assert plain.status == 0, plain.err
    assert (recorded.out, recorded.status) == (plain.out, plain.status)
    assert without_closing(recorded.err) == plain.err


def test_the_first_collection_comes_when_it_would_unrecorded(tmp_path: Path) -> None:
    """But for the containers of the `gc` module, which has to be made to ask it."""
    script = tmp_path / "program.py"
    script.write_text("import gc\nprint(gc.get_count(), gc.get_threshold()[0])\n")

    def made(out: str) -> int:
        counts, threshold = ast.literal_eval(re.sub(r"\) (\d+)", r"), \1", out))
        return int(counts[0] + threshold * counts[1])

    plain = python(script, cwd=tmp_path)
    recorded = recorder("record", "--trace-dir", tmp_path / "out", script, cwd=tmp_path)
    assert abs(made(recorded.out) - made(plain.out)) <= 60


@pytest.mark.parametrize("taken", ["_run_exitfuncs", "_clear"])
def test_a_program_that_takes_the_exit_handlers_away_is_recorded_to_its_end(
    taken: str, tmp_path: Path
) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        "import atexit\natexit.register(print, 'early')\ndef f(n): return n\nf(1)\n"
        f"atexit.{taken}()\natexit.register(print, 'late')\nf(2)\n"
    )
    out = tmp_path / "out"
    recorded = recorder("record", "--trace-dir", out, script, cwd=tmp_path)
    assert recorded.out == python(script, cwd=tmp_path).out
    assert without_closing(recorded.err) == ""
    shown = recorder("print", out, cwd=tmp_path).out
    assert "f(n=1)" in shown
    assert "f(n=2)" in shown


def test_a_program_that_lives_with_a_memory_error_does_so_recorded(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (200 * 1024 * 1024,) * 2)\n"
        "def work(n):\n    made = []\n    for i in range(n):\n        made.append([i])\n"
        "    return len(made)\ntry:\n    print(work(50_000_000))\n"
        "except MemoryError:\n    print('MemoryError, going on')\nprint(work(1000))\n"
    )
    recorded = recorder("record", "--trace-dir", tmp_path / "out", script, cwd=tmp_path)
    assert recorded.out == "MemoryError, going on\n1000\n"
    # Whether there is memory left for recording itself is chance.
    assert recorded.status == (10 if "ERR_OUT_OF_MEMORY" in recorded.err else 0), recorded.err
