"""The table of mutations is complete and fits the code; ``just mutate-events`` carries it out."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

from support.events.run import CONTRACT


def load() -> Any:
    spec = importlib.util.spec_from_file_location("mutate", CONTRACT / "mutate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_statement_has_a_mutation_that_applies() -> None:
    mutate = load()
    mutants = mutate.mutants()
    ids = json.loads((CONTRACT / "ids.json").read_text())["ids"]
    assert sorted({mutant["id"] for mutant in mutants}) == sorted(ids)
    assert {m["id"]: problem for m in mutants if (problem := mutate.problem(m))} == {}


def test_a_mutant_is_noticed_and_the_original_is_not(tmp_path: Any) -> None:
    mutate = load()
    copy = tmp_path / mutate.PACKAGE.name
    ignored = mutate.shutil.ignore_patterns("*.so", "__pycache__")
    mutate.shutil.copytree(mutate.PACKAGE, copy, ignore=ignored)
    assert mutate.judge("F1", tmp_path)[0] is False
    mutant = next(m for m in mutate.mutants() if m["id"] == "F1")
    target = copy / "events" / mutant["file"]
    target.write_text(target.read_text().replace(mutant["old"], mutant["new"]))
    assert mutate.judge("F1", tmp_path)[0] is True
