"""Every scenario of tests/contract/events holds in Python, and every statement has one."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from support.events.run import CONTRACT, run, scenarios

SCENARIOS = list(scenarios())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[s["id"] for s in SCENARIOS])
def test_scenario(scenario: dict[str, Any]) -> None:
    assert run(scenario) == []


def test_every_statement_is_shown_by_a_scenario() -> None:
    ids = set(json.loads((CONTRACT / "ids.json").read_text())["ids"])
    shown = {statement for scenario in SCENARIOS for statement in scenario["shows"]}
    assert shown - ids == set()
    assert ids - shown == set()


def test_scenarios_have_unique_names() -> None:
    names = [scenario["id"] for scenario in SCENARIOS]
    assert sorted(set(names)) == sorted(names)


def test_there_are_at_least_150_scenarios() -> None:
    assert len(SCENARIOS) >= 150


def test_scenarios_follow_their_schema() -> None:
    schema = json.loads((CONTRACT / "schema" / "scenario.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for path in sorted(CONTRACT.glob("*.json")):
        if path.name != "ids.json":
            jsonschema.validate(json.loads(path.read_text()), schema)
