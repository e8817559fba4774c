"""The comparison with deep copies is worth believing: what a recording misses, it notices."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from oracle.deepcopy_judge import judge, truth_of
from oracle.deepcopy_retell import Source, recorded, sources, stale
from oracle.deepcopy_truth import Truth
from oracle.state_generator import changes
from oracle.state_programs import PROGRAMS

# No line of these makes a change that a frame that it calls can see: each is due at once.
SPOILED = (
    "list_item_assignment",
    "nested_item_augmented",
    "dict_update_setdefault_pop",
    "set_add_discard_update",
    "deque_ends_and_rotation",
    "slice_of_bytearray",
    "attribute_augmented",
    "slots",
    "two_names_one_list",
    "equal_but_not_the_same",
    "cycle_of_instances",
    "callee_of_a_callee",
    "module_loop",
)

Events = list[dict[str, Any]]


def seen(source: str, directory: Path) -> Events:
    script = directory / "program.py"
    script.write_text(source, encoding="utf-8")
    return truth_of(script).events


def verdict(events: Events, told: list[Source]) -> str | None:
    return judge(Truth(events), recorded(told)).difference


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_recording_that_misses_nothing_is_accepted(name: str, tmp_path: Path) -> None:
    events = seen(PROGRAMS[name], tmp_path)
    judged = judge(Truth(events), recorded(sources(events)))
    assert judged.difference is None
    assert judged.tally.pending == 0
    assert judged.steps == len(events)
    assert judged.tally.known > judged.steps


def nodes(value: Source, path: str) -> Iterator[tuple[str, Source]]:
    """A value and all within it."""
    yield path, value
    for at, item in enumerate(value.get("items", ())):
        yield from nodes(item, f"{path}[{at}]")
    for key, item in value.get("entries", ()):
        yield from nodes(item, f"{path}[{key.get('value')}]")
    for key, item in value.get("attrs", {}).items():
        if not key.startswith("__"):
            yield from nodes(item, f"{path}.{key}")


def wrongs(value: Source) -> Iterator[Source]:
    """Values that this one is not."""
    if "id" not in value:
        yield {"type": "str", "value": "another"}
        yield {"type": "list", "id": 9999, "len": 0, "items": [], "cut": False}
        if value["type"] == "int":
            yield {"type": "int", "value": int(value["value"]) + 1}
            yield {"type": "float", "value": float(value["value"])}
            yield {"type": "bool", "value": bool(value["value"])}
        return
    yield {"type": "NoneType", "value": None}
    if len(value) <= 3 and "cut" not in value:
        return
    yield value | {"type": "Other"}
    yield value | {"module": "other"}
    for content in ("items", "entries"):
        if value.get(content):
            yield value | {content: value[content][:-1]}
            yield value | {content: [*value[content], value[content][-1]]}
    if value.get("len") is not None and "attrs" not in value:
        yield value | {"len": value["len"] + 1}
    if value.get("attrs"):
        yield value | {"attrs": dict(list(value["attrs"].items())[:-1])}
    if "attrs" in value and value["type"] not in ("type", "function"):
        yield value | {"attrs": value["attrs"] | {"extra": {"type": "int", "value": 1}}}


def spoil(told: list[Source], at: int, name: str, path: str, wrong: Source) -> list[Source]:
    step = copy.deepcopy(told[at])
    for found, node in nodes(step["names"][name], name):
        if found == path:
            node.clear()
            node.update(wrong)
            break
    return [*told[:at], step, *told[at + 1 :]]


@pytest.mark.parametrize("name", SPOILED)
def test_every_value_of_the_last_step_matters(name: str, tmp_path: Path) -> None:
    events = seen(PROGRAMS[name], tmp_path)
    told = sources(events)
    inner = [at for at, event in enumerate(events) if event["function"] == "main"]
    at = (inner or [len(events) - 1])[-1]
    for local, value in told[at]["names"].items():
        if local.startswith("__"):
            continue
        for path, node in nodes(value, local):
            for wrong in wrongs(node):
                spoiled = spoil(told, at, local, path, wrong)
                assert verdict(events, spoiled) is not None, (path, node, wrong)


@pytest.mark.parametrize("name", SPOILED)
def test_a_change_that_was_dropped_is_noticed_at_its_step(name: str, tmp_path: Path) -> None:
    events = seen(PROGRAMS[name], tmp_path)
    dropped = list(due(events))
    for at, number in dropped:
        found = verdict(events, stale(events, at, number))
        assert found is not None
        assert found.startswith(f"step {at}: {events[at]['kind']} ")
    assert dropped


def due(events: Events) -> Iterator[tuple[int, int]]:
    """The changes of objects, but for classes, that an event must show."""
    truth, known = Truth(events), set[str]()
    for at, step in enumerate(sources(events)):
        event = truth.forward()
        found = [node for name, value in step["names"].items() for _, node in nodes(value, name)]
        reached = {str(node["id"] - 1) for node in found if "id" in node and node["type"] != "type"}
        if event["kind"] != "raise" and not truth.pending(at):
            for number in reached & known & event["states"].keys():
                yield at, int(number)
        known |= event["states"].keys()


@pytest.mark.timeout(120)
@settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(source=changes())
def test_every_change_of_a_generated_program_matters(
    source: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    events = seen(source, tmp_path_factory.mktemp("generated"))
    judged = judge(Truth(events), recorded(sources(events)))
    assert judged.difference is None
    assert judged.tally.pending == 0
    for at, number in list(due(events))[::5]:
        found = verdict(events, stale(events, at, number))
        assert found is not None, (at, number)
        assert found.startswith(f"step {at}: "), found


def swapped(names: Source, one: str, other: str) -> None:
    names[one], names[other] = names[other], names[one]


def renamed(names: Source, name: str, identity: int) -> None:
    names[name] = names[name] | {"id": identity}


IDENTITY: dict[str, tuple[str, Callable[[Source], None]]] = {
    "a false alias": ("a = [1]; b = [1]", lambda names: renamed(names, "b", names["a"]["id"])),
    "an alias told as a copy": (
        "a = [1]; b = a",
        lambda names: names.update(b=names["a"] | {"id": 999}),
    ),
    "an alias in an item told as a copy": (
        "a = [1]; b = (a,)",
        lambda names: names["b"]["items"].__setitem__(0, names["a"] | {"id": 999}),
    ),
    "two values swapped": ("a = [1]; b = [2]", lambda names: swapped(names, "a", "b")),
    "two scalars swapped": ("a = 1; b = True", lambda names: swapped(names, "a", "b")),
    "a sign of zero": ("a = -0.0", lambda names: names["a"].update(value=0.0)),
    "a name too few": ("a = 1; b = 2", lambda names: names.pop("b")),
    "a name too many": ("a = 1", lambda names: names.update(c=names["a"])),
}


@pytest.mark.parametrize("what", IDENTITY)
def test_identity_and_names_matter(what: str, tmp_path: Path) -> None:
    line, change = IDENTITY[what]
    events = seen(f"def main():\n    {line}\n    done = 1\nmain()\n", tmp_path)
    told = sources(events)
    assert verdict(events, told) is None
    for at, event in enumerate(events):
        if event["function"] == "main" and event["line"] == 3:
            spoiled = copy.deepcopy(told)
            change(spoiled[at]["names"])
            found = verdict(events, spoiled)
            assert found is not None
            assert found.startswith(f"step {at}: "), found


def test_a_difference_says_where_it_is(tmp_path: Path) -> None:
    source = "class B: pass\nb = B()\nb.items = [1, [2, 3]]\nb.items[1][0] = 'x'\nc = 1\n"
    events = seen(source, tmp_path)
    at = next(at for at, event in enumerate(events) if event["line"] == 5)
    [number] = events[at]["states"]
    assert verdict(events, stale(events, at, int(number))) == (
        f"step {at}: line <module>:5: b.items[1][0]: expected str 'x', recorded 2"
    )


def test_steps_and_results_matter(tmp_path: Path) -> None:
    events = seen(PROGRAMS["callee_of_a_callee"], tmp_path)
    told = sources(events)
    assert verdict(events, told[:-1]) is not None
    assert verdict(events, [*told, told[-1]]) is not None
    assert verdict(events, [*told[:5], *told[6:]]) is not None
    last = told[-1] | {"result": {"return": {"type": "int", "value": 0}}}
    assert verdict(events, [*told[:-1], last]) is not None


def test_a_recording_that_knows_nothing_is_refused(tmp_path: Path) -> None:
    events = seen(PROGRAMS["two_names_one_list"], tmp_path)
    told = sources(events)
    for step in told:
        for name in step["names"]:
            step["names"][name] = {"id": 1, "type": "x", "unknown": "objects"}
    found = verdict(events, told)
    assert found is not None
    assert "most of it is unknown" in found


def test_what_a_limit_did_not_cut_is_counted_as_unknown(tmp_path: Path) -> None:
    events = seen("a = [1, [2], 3]\nb = 'x'\n", tmp_path)
    told = sources(events)
    told[-1]["names"]["a"] |= {"items": told[-1]["names"]["a"]["items"][:1], "cut": True}
    judged = judge(Truth(events), recorded(told))
    assert judged.difference is None
    assert judged.tally.unknown == {"items": 2}
    assert not judged.complete


PENDING = """\
def look(v):
    n = v
    v.append('mine')
    return n
def main():
    a = [1]
    b = a.append('early') or look(a)
    c = b
main()
"""


def test_a_change_of_a_line_that_still_runs_may_be_told_when_it_ends(tmp_path: Path) -> None:
    events = seen(PENDING, tmp_path)
    look = [(event["kind"], event["line"], event["function"]) for event in events]
    early, mine = look.index(("call", 1, "look")), look.index(("line", 4, "look"))
    [number] = events[early]["states"]
    assert list(events[mine]["states"]) == [number]
    # The argument itself is read at the call; what a frame did is due at its own next event.
    assert verdict(events, stale(events, early, int(number))) is not None
    assert verdict(events, stale(events, mine, int(number))) is not None

    late = copy.deepcopy(events)
    state = late[early]["states"].pop(number)
    told = [
        *sources(events)[: early + 1],
        *sources(late)[early + 1 : mine],
        *sources(events)[mine:],
    ]
    judged = judge(Truth(events), recorded(told))
    assert judged.difference is None
    assert judged.tally.pending > 0
    assert len(state["items"]) == 2
