"""``Trace``: open frames and their values at a step, and pages of events."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from codetracer_python_recorder import Trace, UsageError
from codetracer_python_recorder._values import event_values

Record = Callable[..., Trace]


def test_frames_are_all_open_ones_with_their_names(record: Record) -> None:
    trace = record(
        """
        shared = [1]

        def outer(a):
            b = a
            inner(b)
            return b

        def inner(c):
            d = c
            return d

        outer(shared)
        """
    )
    ended = next(e for e in trace.steps() if e.kind == "return" and e.function == "inner")
    frames = trace.frames(ended.step)
    assert [(f.function, f.line) for f in frames] == [("<module>", 12), ("outer", 5), ("inner", 10)]
    assert all(frame.file and frame.file.endswith("app.py") for frame in frames)
    assert [frame.call for frame in frames] == sorted({frame.call for frame in frames})
    module, outer, inner = (frame.values for frame in frames)
    assert (set(outer), set(inner)) == ({"a", "b"}, {"c", "d"})
    assert module["shared"] is outer["a"] is outer["b"] is inner["c"] is inner["d"]
    assert module["shared"].items == [1]
    own = trace.values(ended.step)
    assert (set(own), own["d"].items) == ({"c", "d"}, [1])
    assert trace.frames(0)[-1].function == "<module>"
    with pytest.raises(UsageError) as caught:
        trace.frames(10**6)
    assert caught.value.code == "ERR_INVALID_ARGUMENT"


def test_values_say_which_content_they_have(record: Record) -> None:
    trace = record(
        """
        class Plain: pass
        values = [], {}, Plain(), iter(()), 1 << 5000, 1 << 100, "x" * 5000
        """
    )
    [value] = [e.values["values"] for e in trace.steps() if "values" in e.values]
    empty, mapping, plain, nothing, large, whole, text = value.items
    assert value.content == "items"
    assert (empty.content, empty.items, empty.len) == ("items", [], 0)
    assert (mapping.content, mapping.entries) == ("entries", [])
    assert (plain.content, plain.attrs) == ("attrs", {})
    assert nothing.content is None
    assert (large.type, large.cut, large.bits, large.content) == ("int", True, 5001, None)
    assert whole == 1 << 100
    assert (text.bits, text.len) == (None, 5000)


def test_an_object_too_deep_in_the_values_is_shown_among_the_objects() -> None:
    deep = {"type": "list", "id": 2, "cut": True}
    whole = {
        "type": "list",
        "id": 2,
        "len": 1,
        "items": [{"type": "int", "value": 1}],
        "cut": False,
    }
    outer = {"type": "list", "id": 1, "len": 1, "items": [deep], "cut": False}
    named, objects = event_values({"values": {"x": outer}, "objects": [whole]})
    assert named["x"].items[0] is objects[0]
    assert (objects[0].items, objects[0].cut) == ([1], False)


def test_pages_say_what_print_says(record: Record) -> None:
    trace = record(
        """
        import threading
        shared = []

        def work(n):
            for i in range(40):
                mine = [i, shared]
                shared.append(n)
                shared[-1:] = [i]

        threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        """
    )
    printed: list[bytes] = []
    trace._native.print_json(printed.append)
    lines = b"".join(printed).splitlines()
    assert len(lines) == trace.info["events"]
    for at in range(0, len(lines), 17):
        page, _ = trace._native.events_json(at, limit=2)
        assert page.splitlines() == lines[at : at + 2]
