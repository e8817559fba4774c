"""Compare the state that a recording gives for each step with the oracle's deep copies.

Owns what counts as the same: names and their values, objects with items, entries and attributes,
and within one step one id for one object and another for another. What a documented limit cut is
counted in `beyond`; what is not known without one in `unknown`, by reason. Attributes of classes
and functions must be right where a recording has any of them; that it has them may be demanded.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from codetracer_python_recorder import Value

from oracle.deepcopy_truth import Truth

ITEMS, CHARACTERS, BYTES, INT_BITS, DEPTH = 64, 1024, 256, 2048, 4
EVERYTHING = frozenset({"class attributes", "function attributes", "free variables"})


class Differs(Exception):
    """A recorded value is not what the program held."""

    def __init__(self, path: str, expected: object, recorded: object) -> None:
        super().__init__(f"{path}: expected {shorten(expected)}, recorded {shorten(recorded)}")


def shorten(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 160 else f"{text[:120]}... ({len(text)} characters)"


class Tally:
    """How much was compared, and how much could not be."""

    def __init__(self) -> None:
        self.known = 0
        self.pending = 0
        self.beyond: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.untold: Counter[str] = Counter()

    def add(self, other: Tally) -> None:
        self.known += other.known
        self.pending += other.pending
        self.beyond += other.beyond
        self.unknown += other.unknown
        self.untold += other.untold

    @property
    def share(self) -> float:
        """What could not be compared, of all there was to compare."""
        wild = self.unknown.total() + self.beyond.total()
        return wild / max(1, wild + self.known)

    def __str__(self) -> str:
        return (
            f"{self.known} compared, {self.share:.2%} not; pending {self.pending}; "
            f"beyond limits {dict(self.beyond)}; unknown {dict(self.unknown)}; "
            f"untold {dict(self.untold)}"
        )


class Step:
    """The comparison of one step: which number of the oracle is which id of the recording."""

    def __init__(self, truth: Truth, tally: Tally, demanded: frozenset[str] = EVERYTHING) -> None:
        self.truth = truth
        self.tally = tally
        self.demanded = demanded
        self.ids: dict[int, int] = {}
        self.numbers: dict[int, int] = {}

    def value(
        self, path: str, wanted: dict[str, Any], found: Any, depth: int = 0, *, late: bool = True
    ) -> None:
        """Raises `Differs` where `found` is not what the oracle saw, nor was before `late`ly."""
        if "ref" not in wanted:
            self.scalar(path, wanted, found)
            return
        if isinstance(found, Value) and found.unknown is not None:
            self.wild(found.unknown, depth)
            return
        number = wanted["ref"]
        if not isinstance(found, Value) or (found.id is None and found.text is None):
            raise Differs(path, self.said(wanted), found)
        if found.id is not None and (number in self.ids or found.id in self.numbers):
            other = self.numbers.get(found.id)
            if self.ids.get(number) != found.id or other != number:
                raise Differs(f"{path} (identity)", f"object {number}", f"object {other}")
            return
        first: Differs | None = None
        for state in self.truth.states(number):
            before = dict(self.ids), dict(self.numbers)
            if found.id is not None:
                self.ids[number], self.numbers[found.id] = found.id, number
            try:
                self.content(path, state, found, depth)
            except Differs as wrong:
                self.ids, self.numbers = before
                first = first or wrong
                if not late:
                    break
            else:
                self.tally.pending += first is not None
                return
        assert first is not None
        raise first

    def said(self, wanted: dict[str, Any]) -> str:
        if "ref" not in wanted:
            return f"{wanted['type']} {shorten(wanted['value'])}"
        return f"{next(self.truth.states(wanted['ref']))}"

    def wild(self, reason: str, depth: int) -> None:
        limited = reason == "depth" and depth >= DEPTH
        (self.tally.beyond if limited else self.tally.unknown)[reason] += 1

    def scalar(self, path: str, wanted: dict[str, Any], found: Any) -> None:
        kind, told = wanted["type"], wanted["value"]
        if isinstance(found, Value):
            self.cut_scalar(path, wanted, found)
            return
        if type(found).__qualname__ != kind or not same_scalar(kind, told, found):
            raise Differs(path, f"{kind} {told!r}", found)
        self.tally.known += 1

    def cut_scalar(self, path: str, wanted: dict[str, Any], found: Value) -> None:
        kind, told = wanted["type"], wanted["value"]
        if found.unknown is not None:
            self.tally.unknown[found.unknown] += 1
            return
        if found.type != kind or not found.cut:
            raise Differs(path, f"{kind} {told!r}", found)
        whole: str | bytes = ""
        limit, true_length = 0, 0
        if kind == "str":
            whole, limit, true_length = told, CHARACTERS, len(told)
        elif kind == "bytes":
            whole = bytes.fromhex(told)
            limit, true_length = BYTES, len(whole)
        elif kind == "int":
            limit, true_length = INT_BITS, int(told, 16).bit_length()
        if found.len is not None and found.len != true_length and kind != "int":
            raise Differs(f"{path} (length)", true_length, found.len)
        if found.text and kind != "int" and found.text != whole[: len(found.text)]:
            raise Differs(path, whole, found.text)
        (self.tally.beyond if true_length > limit else self.tally.unknown)[f"cut {kind}"] += 1

    def content(self, path: str, state: dict[str, Any], found: Value, depth: int) -> None:
        """Compares an object, and what it refers to."""
        if "enum" in state:
            name = found.text if found.text is not None else found.attrs.get("_name_")
            if (found.type, name) != (state["type"], state["enum"]):
                raise Differs(path, f"{state['type']}.{state['enum']}", found)
            self.tally.known += 1
            return
        if (found.type, found.module) != (state["type"], state.get("module")):
            raise Differs(path, f"a {state['type']} of {state.get('module')}", found)
        self.tally.known += 1
        has = {"items", "entries", "members", "attrs", "fields", "bytes"} & set(state)
        empty = found.text is None and not (found.items or found.entries or found.attrs)
        if empty and found.cut and has:
            if state.get("len") != 0:
                self.wild("depth" if depth >= DEPTH else f"content of {state['type']}", depth)
            return
        if found.text is not None and "texts" in state:
            if found.text not in state["texts"]:
                raise Differs(path, state["texts"][0], found.text)
            return
        if "bytes" in state:
            self.byte_array(path, state, found)
        if "fields" in state:
            self.fields(path, state["fields"], found)
        if "len" in state and "attrs" not in state and found.len not in (None, state["len"]):
            raise Differs(f"{path} (length)", state["len"], found.len)
        if "items" in state:
            self.ordered(path, state, found, depth)
        if "members" in state:
            self.unordered(path, state, found, depth)
        if "entries" in state:
            self.entries(path, state, found, depth)
        if "args" in state:
            self.arguments(path, state, found, depth)
        if "attrs" in state:
            self.attributes(path, state, found, depth)

    def missing(self, path: str, total: int, shown: int, found: Value) -> None:
        """Accounts for items that are not there."""
        if shown > min(total, ITEMS):
            raise Differs(f"{path} (items shown)", total, shown)
        if shown < total:
            if not found.cut:
                raise Differs(f"{path} (items shown)", total, shown)
            if shown < ITEMS:
                self.tally.unknown["items"] += min(total, ITEMS) - shown
            if total > ITEMS:
                self.tally.beyond["items"] += 1

    def ordered(self, path: str, state: dict[str, Any], found: Value, depth: int) -> None:
        self.missing(path, state.get("len", len(state["items"])), len(found.items), found)
        for at, (wanted, item) in enumerate(zip(state["items"], found.items, strict=False)):
            self.value(f"{path}[{at}]", wanted, item, depth + 1)

    def unordered(self, path: str, state: dict[str, Any], found: Value, depth: int) -> None:
        self.missing(path, state["len"], len(found.items), found)
        rest = list(state["members"])
        for item in found.items:
            for wanted in rest:
                before = dict(self.ids), dict(self.numbers)
                try:
                    self.value(f"{path}{{...}}", wanted, item, depth + 1)
                except Differs:
                    self.ids, self.numbers = before
                else:
                    rest.remove(wanted)
                    break
            else:
                raise Differs(path, [self.said(one) for one in rest], item)

    def entries(self, path: str, state: dict[str, Any], found: Value, depth: int) -> None:
        self.missing(path, state["len"], len(found.entries), found)
        for (key, wanted), (name, value) in zip(state["entries"], found.entries, strict=False):
            self.value(f"{path} (key)", key, name, depth + 1)
            self.value(f"{path}[{shorten(name)}]", wanted, value, depth + 1)

    def arguments(self, path: str, state: dict[str, Any], found: Value, depth: int) -> None:
        given = found.attrs.get("args")
        if not isinstance(given, Value):
            self.tally.untold["arguments of exceptions"] += 1
            return
        self.missing(f"{path}.args", len(state["args"]), len(given.items), given)
        for at, (wanted, item) in enumerate(zip(state["args"], given.items, strict=False)):
            self.value(f"{path}.args[{at}]", wanted, item, depth + 2)

    def attributes(self, path: str, state: dict[str, Any], found: Value, depth: int) -> None:
        kind = state.get("open", "instances")
        if kind in EVERYTHING - self.demanded and not found.attrs.keys() & state["attrs"].keys():
            self.tally.untold[kind] += bool(state["attrs"])
            return
        for name, wanted in state["attrs"].items():
            if name in found.attrs:
                self.value(f"{path}.{name}", wanted, found.attrs[name], depth + 1)
            elif found.cut:
                self.tally.unknown["attributes"] += 1
            else:
                raise Differs(f"{path}.{name}", self.said(wanted), "no such attribute")
        if "open" not in state and state["held"] <= ITEMS:
            for name in sorted(found.attrs.keys() - state["attrs"].keys()):
                if name.startswith("__") or name in state["declared"]:
                    continue
                raise Differs(f"{path}.{name}", "no such attribute", found.attrs[name])

    def byte_array(self, path: str, state: dict[str, Any], found: Value) -> None:
        shown = found.text if found.text is not None else found.items[0] if found.items else b""
        if len(found.items) > 1:
            raise Differs(path, "one run of bytes", found.items)
        if isinstance(shown, Value):
            shown = shown.text
        whole = bytes.fromhex(state["bytes"])
        if not isinstance(shown, bytes) or not whole.startswith(shown):
            raise Differs(path, whole, shown)
        if len(shown) < min(len(whole), BYTES):
            raise Differs(path, whole, shown)

    def fields(self, path: str, fields: dict[str, Any], found: Value) -> None:
        given = found.attrs or dict(zip(fields, found.items, strict=False))
        for name, wanted in fields.items():
            if name in given:
                self.value(f"{path}.{name}", wanted, given[name])
            else:
                self.tally.unknown["fields"] += 1


def same_scalar(kind: str, told: Any, found: Any) -> bool:
    if kind == "int":
        return bool(found == int(told, 16))
    if kind == "float":
        return bool(repr(found) == told)
    if kind == "complex":
        return bool([repr(found.real), repr(found.imag)] == told)
    if kind == "bytes":
        return bool(found.hex() == told)
    return kind in ("NoneType", "ellipsis", "NotImplementedType") or bool(found == told)
