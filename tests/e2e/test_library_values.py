"""Values of numpy, pandas, attrs and pydantic are recorded as what they are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from e2e.packages import needed
from oracle import compare
from oracle.kinds import plain

LIBRARIES = (
    "annotated-types==0.8.0",
    "attrs==26.1.0",
    "numpy==2.5.5",
    "pandas==3.1.1",
    "pydantic==2.14.3",
    "pydantic_core==2.50.4",
    "python-dateutil==4.0.0",
    "typing-inspection==0.4.5",
    "typing_extensions==4.16.0",
    "tzdata==2026.6",
)

PRELUDE = """\
import sys
sys.path.insert(0, sys.argv[1])
import mmap
import attrs, numpy as np, pandas as pd, pydantic
import codetracer_python_recorder

@attrs.define
class Defined:
    a: int
    b: list = attrs.field(factory=list)

class Model(pydantic.BaseModel):
    a: int
    b: list[int] = [1]

memory = mmap.mmap(-1, 4096)
frame = pd.DataFrame({'a': [1, 2], 'b': [1.5, 2.5]})

with codetracer_python_recorder.trace(sys.argv[2]):
"""


def array(dtype: str, shape: str, *items: Any) -> list[Any]:
    return ["ndarray", [*items], {"dtype": dtype, "shape": shape}]


def unread(dtype: str, shape: str) -> list[Any]:
    return [*array(dtype, shape), "cut"]


KINDS: dict[str, Any] = {
    "np.arange(6, dtype='i4').reshape(2, 3)": array("int32", "(2, 3)", 0, 1, 2, 3, 4, 5),
    "np.arange(6, dtype='i4').reshape(2, 3).T": array("int32", "(3, 2)", 0, 3, 1, 4, 2, 5),
    "np.arange(4)[::-2]": array("int64", "(2,)", 3, 1),
    "np.array([1.5, float('-inf')], dtype='>f8')": array("float64", "(2,)", 1.5, "-inf"),
    "np.array([1.5, -6e-8], dtype='f2')": array("float16", "(2,)", 1.5, -(2.0**-24)),
    "np.array([1 - 2j], dtype='>c8')": array("complex64", "(1,)", "(1-2j)"),
    "np.array([True, False])": array("bool", "(2,)", True, False),
    "np.array([2**63], dtype='u8')": array("uint64", "(1,)", str(2**63)),
    "np.array([-1, 5], dtype='>i2')": array("int16", "(2,)", -1, 5),
    "np.array(['\\u00e9b', 'c'])": array("str", "(2,)", "\u00e9b", "c"),
    "np.array([b'ab', b'c'])": array("bytes", "(2,)", "b'ab'", "b'c'"),
    "np.array([1, None, [2]], dtype=object)": array("object", "(3,)", 1, None, ["list", [2]]),
    "np.zeros((0, 3))": array("float64", "(0, 3)"),
    "np.array(3)": array("int64", "()", 3),
    "np.array(['2020-01-01'], dtype='M8[D]')": unread("datetime64", "(1,)"),
    "np.array([(1, 2)], dtype=[('a', 'i4'), ('b', 'f8')])": unread("void", "(1,)"),
    "np.frombuffer(memory, dtype='u1')": unread("uint8", "(4096,)"),
    "np.frombuffer(bytearray(b'ab'), dtype='u1')": array("uint8", "(2,)", 97, 98),
    "memoryview(np.array([1], dtype='u1'))": [
        "memoryview",
        ["b'\\x01'"],
        {"format": "B", "shape": "(1,)", "readonly": False},
    ],
    "np.float64(1.5)": ["float64", [1.5]],
    "np.float32(0.5)": ["float32", [0.5]],
    "np.int8(-3)": ["int8", [-3]],
    "np.bool_(True)": ["bool", [True]],
    "np.complex128(1j)": ["complex128", ["1j"]],
    "np.str_('x')": ["str_", ["x"]],
    "np.bytes_(b'x')": ["bytes_", ["b'x'"]],
    "np.datetime64('2020-01-01')": ["datetime64", "cut"],
    "Defined(1)": ["Defined", {"a": 1, "b": ["list", []]}],
    "Model(a=2)": [
        "Model",
        {
            "__pydantic_extra__": None,
            "__pydantic_fields_set__": ["set", ["a"]],
            "__pydantic_private__": None,
            "a": 2,
            "b": ["list", [1]],
        },
    ],
}


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What `v` is recorded to be bound to, line by line."""
    directory = tmp_path_factory.mktemp("values")
    script, out = directory / "program.py", directory / "trace"
    lines = [*KINDS, "frame"]
    source = PRELUDE + "".join(f"    v = {line}\n" for line in lines)
    script.write_text(source + "    done = 1\n", encoding="utf-8")
    done = compare.run([sys.executable, script, needed("libraries", LIBRARIES), out])
    assert done.returncode == 0, done.stderr
    told = [e["values"]["v"] for e in compare.printed(out) if "v" in e["values"]]
    assert len(told) == len(lines)
    return told


@pytest.mark.timeout(300)
@pytest.mark.parametrize("source", KINDS)
def test_a_value_is_recorded_as_what_it_is(source: str, values: list[dict[str, Any]]) -> None:
    assert plain(values[[*KINDS].index(source)]) == KINDS[source]


def test_a_data_frame_shows_its_arrays_and_axes(values: list[dict[str, Any]]) -> None:
    manager = values[-1]["attrs"]["_mgr"]
    assert [plain(item) for item in manager["items"]] == [
        array("int64", "(1, 2)", 1, 2),
        array("float64", "(1, 2)", 1.5, 2.5),
    ]
    columns, _index = manager["attrs"]["axes"]["items"]
    assert columns["type"] == "Index"


def test_nothing_is_imported(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text("import array, sys\nv = array.array('d', [1])\nprint('numpy' in sys.modules)")
    assert compare.record(script, out=tmp_path / "trace").stdout == "False\n"
