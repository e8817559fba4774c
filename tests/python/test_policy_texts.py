"""Any text for any switch: taken as its table says, or refused by name, and nothing changes."""

from __future__ import annotations

import os
import string
from collections.abc import Iterator
from contextlib import contextmanager

import codetracer_python_recorder as recorder
import pytest
from codetracer_python_recorder._gen.policy import SWITCHES, Switch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

IN_PROCESS = {s.key: s for s in SWITCHES if s.env is not None}
KEYS = sorted(IN_PROCESS)
WORDS = {"true", "t", "yes", "y", "1", "false", "f", "no", "n", "0"}
MOST = {
    "max_string": 16_000,
    "max_bytes": 16_000,
    "max_items": 1_000,
    "max_objects": 4_096,
    "max_depth": 64,
}

LIKELY = st.sampled_from(
    [*WORDS, "abort", "disable", "calls", "lines", "values", "off", "info", "16000", "64", "-1"]
)
CASED = st.builds(
    lambda word, flips, left, right: (
        left
        + "".join(c.swapcase() if flip else c for c, flip in zip(word, flips, strict=False))
        + right
    ),
    LIKELY,
    st.lists(st.booleans(), min_size=8, max_size=8),
    st.sampled_from(["", " ", "\t"]),
    st.sampled_from(["", " ", "\n"]),
)
DIGITS = st.text(alphabet=string.digits + "+-_ \u0663", max_size=12)
TEXTS = st.one_of(LIKELY, CASED, DIGITS, st.text(max_size=40))
VALUES = st.one_of(
    TEXTS,
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(max_size=4),
    st.lists(st.integers(), max_size=2),
)
QUICKLY = settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def policy_of_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for switch in SWITCHES:
        if switch.env is not None:
            monkeypatch.delenv(switch.env, raising=False)
    before = recorder.policy_snapshot()
    yield
    recorder.configure_policy(**before)


def holds(switch: Switch, value: object) -> bool:
    """Whether a snapshot may have the value."""
    if switch.shape == "bool":
        return isinstance(value, bool)
    if switch.shape == "choice":
        return value in switch.choices
    if switch.shape == "count":
        return isinstance(value, int) and value >= 1
    return isinstance(value, str)


def refused(error: recorder.UsageError, before: dict[str, object], named: str) -> None:
    assert error.code == "ERR_INVALID_POLICY_VALUE"
    assert named in error.message
    assert error.context
    assert recorder.policy_snapshot() == before


@QUICKLY
@given(key=st.sampled_from(KEYS), value=VALUES)
def test_a_value_is_taken_or_refused(key: str, value: object) -> None:
    before = recorder.policy_snapshot()
    try:
        recorder.configure_policy(**{key: value})
    except recorder.UsageError as error:
        refused(error, before, key)
        # What the table allows is not refused.
        word = str(value).strip().lower() if isinstance(value, str | bool) else ""
        assert not (IN_PROCESS[key].shape == "bool" and word in WORDS)
        assert value not in IN_PROCESS[key].choices
    else:
        after = recorder.policy_snapshot()
        assert holds(IN_PROCESS[key], after[key])
        assert {k: v for k, v in after.items() if k != key} == {
            k: v for k, v in before.items() if k != key
        }
        # A snapshot is itself allowed, and means the same.
        recorder.configure_policy(**after)
        assert recorder.policy_snapshot() == after


@QUICKLY
@given(
    key=st.text(max_size=20).filter(lambda key: key not in {s.key for s in SWITCHES}), value=VALUES
)
def test_a_key_that_is_none_is_refused(key: str, value: object) -> None:
    before = recorder.policy_snapshot()
    with pytest.raises(recorder.UsageError) as caught:
        recorder.configure_policy(**{key: value})
    assert caught.value.code == "ERR_INVALID_POLICY_VALUE"
    assert recorder.policy_snapshot() == before


@contextmanager
def environment(name: str, value: bytes) -> Iterator[None]:
    os.environb[os.fsencode(name)] = value
    try:
        yield
    finally:
        del os.environb[os.fsencode(name)]


@QUICKLY
@given(
    key=st.sampled_from(KEYS),
    value=st.one_of(
        TEXTS.map(lambda text: text.encode("utf-8", "replace")), st.binary(max_size=20)
    ).map(lambda value: value.replace(b"\0", b"")),
)
def test_a_variable_is_taken_or_refused_with_its_name(key: str, value: bytes) -> None:
    switch = IN_PROCESS[key]
    assert switch.env is not None
    before = recorder.policy_snapshot()
    found = None
    with environment(switch.env, value):
        try:
            recorder.configure_policy_from_env()
        except recorder.UsageError as error:
            found = error
        else:
            after = recorder.policy_snapshot()
            assert holds(switch, after[key])
            assert value or after == before, "an empty variable counts as none"
    if found is not None:
        refused(found, before, switch.env)


@QUICKLY
@given(number=st.integers(min_value=-10, max_value=70_000), key=st.sampled_from(sorted(MOST)))
def test_a_count_is_taken_within_its_bounds_only(number: int, key: str) -> None:
    if 1 <= number <= MOST[key]:
        recorder.configure_policy(**{key: number})
        assert recorder.policy_snapshot()[key] == number
    else:
        with pytest.raises(recorder.UsageError, match=f"from 1 to {MOST[key]}"):
            recorder.configure_policy(**{key: number})
