"""Hand-written programs whose state is not yet recorded as it is, by the cause met first.

The test of such a program demands that it still differs: what is recorded now has to leave here.
"""

from __future__ import annotations

_BY_CAUSE: dict[str, str] = {
    # an object that the line, a C function or a callee changed in place
    "in place": """
        memoryview_writes_through exec_changes_an_argument partial_holds_an_alias
        exception_carries_an_object thread_changes
    """,
    # attributes set after the object was first seen, in `__init__` to begin with
    "attributes": """
        cached_property attribute_of_an_exception exceptions
    """,
    # a global of a name that no code of the module says, bound through the dict of globals
    "globals": """
        globals_dict exec_binds_globals
    """,
    # attributes in slots, of library classes too: told as none
    "slots": """
        slots slots_and_dict inherited_slots slotted_dataclass decimals_and_fractions
        uuids_and_paths
    """,
    # content of deque, OrderedDict, defaultdict, Counter and subclasses of containers
    "kinds": """
        deque_item deque_ends_and_rotation defaultdict_made_by_looking counter_counts
        instance_of_a_list_subclass instance_of_a_dict_subclass
        named_tuple_holding_a_list deque_and_friends ordered_dict_move_to_end
        simple_namespace
    """,
    # content of dates and times
    "opaque": """
        dates_and_times
    """,
    # attributes of classes and functions
    "classes": """
        class_attribute class_attribute_through_an_instance function_attribute
    """,
}

KNOWN_GAPS: dict[str, str] = {
    name: cause for cause, names in _BY_CAUSE.items() for name in names.split()
}

# Whether generated programs that change objects are still known to differ.
CHANGES_DIFFER = True
