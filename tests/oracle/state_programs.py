"""All hand-written programs whose state is compared, and what is demanded of some of them only.

Only those of `LIMITS` hold more than a recording need to keep.
"""

from __future__ import annotations

from oracle import state_programs_changes, state_programs_names, state_programs_objects

PROGRAMS: dict[str, str] = (
    state_programs_changes.PROGRAMS
    | state_programs_objects.PROGRAMS
    | state_programs_names.PROGRAMS
)

LIMITS = state_programs_names.LIMITS

DEMANDS: dict[str, frozenset[str]] = {
    name: frozenset({"free variables"}) for name in state_programs_names.CELLS
} | {
    "class_attribute": frozenset({"class attributes"}),
    "class_attribute_through_an_instance": frozenset({"class attributes"}),
    "function_attribute": frozenset({"function attributes"}),
}
