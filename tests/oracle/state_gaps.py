"""Hand-written programs whose state is not yet recorded as it is, by the cause met first.

The test of such a program demands that it still differs: what is recorded now has to leave here.
"""

from __future__ import annotations

_BY_CAUSE: dict[str, str] = {
    # an object that the line, a C function or a callee changed in place
    "in place": """
        list_item_assignment list_item_deletion list_slice_assignment list_slice_deletion
        dict_item_assignment dict_item_deletion nested_item_augmented
        item_augmented_to_an_equal_address nested_dict_of_lists item_swap
        item_as_loop_target item_as_with_target unpacking_into_items item_from_walrus
        slice_of_bytearray several_changes_on_one_line one_line_loop_of_changes
        change_in_a_condition change_over_many_lines return_line_changes
        raising_line_changes failing_sort_keeps_part failing_augmented_tuple_item
        comprehension_changes comprehension_walrus_item lambda_changes
        generator_expression_changes f_string_changes default_argument_changes
        assert_changes del_of_nested_item list_append_extend_insert list_pop_remove_clear
        list_sort_and_reverse sort_with_a_key_of_the_program dict_update_setdefault_pop
        dict_popitem_and_clear set_add_discard_update set_pop_remove_difference
        bytearray_methods bound_method_called_later exhausted_iterator_feeds_two
        seeded_shuffle heapq_functions bisect_insort operator_in_place
        methodcaller_and_partial map_and_filter_with_effects unbound_list_methods
        unbound_dict_methods sorted_leaves_its_argument any_and_all_with_effects
        zip_of_one_iterator re_sub_with_effects str_join_drains_a_generator
        copy_does_not_alias readinto_a_bytearray struct_pack_into memoryview_writes_through
        exec_changes_an_argument two_names_one_list alias_inside_a_container
        alias_outlives_its_name name_of_an_element multiplied_list_shares
        equal_but_not_the_same cycle swap_of_contents replaced_not_changed
        immutable_tuple_with_mutable_item dict_views_and_keys alias_through_a_default
        partial_holds_an_alias callee_changes_its_argument
        callee_changes_deep_in_an_argument callee_of_a_callee recursion_with_an_accumulator
        callee_keeps_an_alias star_arguments_share_items decorator_collects
        generator_changes_shared_state consumer_changes_what_a_generator_holds
        send_an_object_and_change_it contextmanager_changes exception_carries_an_object
        callback_from_c thread_changes coroutine_changes loop_closures_share_the_variable
        module_list_changed module_loop module_del exec_binds_globals exec_in_a_namespace
        exec_with_locals unpacking_with_star chained_assignment match_captures with_as
        class_body class_body_in_a_function metaclass_and_init_subclass lambda_arguments
        argument_rebound generator_locals mapping_proxy_and_views mixed_keys
        sixty_four_items more_than_64_items deeper_than_4 change_below_the_depth
        more_than_256_objects change_beyond_64_items
    """,
    # attributes set after the object was first seen, in `__init__` to begin with
    "attributes": """
        print_to_a_list attribute_assignment attribute_deletion attribute_augmented
        attribute_in_the_constructor attribute_chain item_of_an_attribute
        attribute_of_an_item self_items attribute_as_loop_target attribute_unpacking
        dataclass property_setter setitem_override setattr_override iadd_override
        call_override descriptor_set cached_property setattr_and_delattr
        vars_and_dict_of_an_instance attributes_in_another_order attribute_of_an_exception
        many_attributes alias_in_two_attributes cycle_of_instances
        callee_changes_an_attribute method_changes_self exit_changes
        iteration_protocol_changes match_class_pattern exceptions attribute_beyond_64
    """,
    # free variables, and cells that another frame bound or deleted
    "cells": """
        nonlocal_rebinding cell_holds_a_changed_list free_variable_only_read
        cell_changed_while_suspended two_closures_one_cell deleted_cell
        argument_that_is_a_cell deep_nonlocal owner_sees_its_cell_rebound
        owner_sees_its_cell_deleted owner_sees_its_argument_rebound
        owner_sees_a_cell_bound_first_elsewhere
    """,
    # a global that another frame, or `globals()`, bound or deleted
    "globals": """
        global_rebound_by_a_function global_made_by_a_function global_deleted_by_a_function
        global_changed_by_a_function global_changed_by_another_function globals_dict
    """,
    # attributes in slots, of library classes too: told as none
    "slots": """
        slots slots_and_dict inherited_slots slotted_dataclass
        frozen_dataclass_holding_a_list decimals_and_fractions uuids_and_paths
    """,
    # content of deque, OrderedDict, defaultdict, Counter and subclasses of containers
    "kinds": """
        deque_item deque_ends_and_rotation ordered_dict_move_to_end
        defaultdict_made_by_looking counter_counts instance_of_a_list_subclass
        instance_of_a_dict_subclass named_tuple_holding_a_list simple_namespace
        deque_and_friends
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
