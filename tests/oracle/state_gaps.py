"""Hand-written programs whose state is not yet recorded as it is, by the cause met first.

The test of such a program demands that it still differs: what is recorded now has to leave here.
"""

from __future__ import annotations

_BY_CAUSE: dict[str, str] = {
    # an object that the line, a C function or a callee changed in place
    "in place": """
        exec_changes_an_argument exception_carries_an_object thread_changes
    """,
    # a global of a name that no code of the module says, bound through the dict of globals
    "globals": """
        globals_dict exec_binds_globals
    """,
    # attributes of classes, changed by a way that the line does not show
    "classes": """
        class_attribute_through_an_instance
    """,
}

KNOWN_GAPS: dict[str, str] = {
    name: cause for cause, names in _BY_CAUSE.items() for name in names.split()
}

# Whether some of the first generated programs that change objects differ. One in a few hundred
# does, by a cause above: classes.
CHANGES_DIFFER = False
