"""Programs that each change an object in place in one way, by the line itself or by a C function.

Every program binds what it changes first and goes on for a line afterwards, so that the state after
the change is observed in the frame that made it.
"""

from __future__ import annotations


def within(*lines: str) -> str:
    """A program whose only function has these lines."""
    return "\n".join(
        ["def main():", *(f"    {line}" for line in lines), "    done = 1", "main()", ""]
    )


BY_THE_LINE = {
    "list_item_assignment": within("c = [1, 2, 3]", "c[1] = 'x'", "c[-1] = [4]"),
    "list_item_deletion": within("c = [1, 2, 3]", "del c[0]", "del c[-1]"),
    "list_slice_assignment": within("c = [1, 2, 3, 4]", "c[1:3] = 'abc'", "c[::2] = [0, 0, 0]"),
    "list_slice_deletion": within("c = [1, 2, 3, 4]", "del c[1:3]", "del c[:]"),
    "list_augmented": within("c = [1]", "c += [2]", "c *= 2", "c += (i for i in range(2))"),
    "dict_item_assignment": within("d = {'a': 1}", "d['b'] = [2]", "d['a'] = 3", "d[1, 2] = None"),
    "dict_item_deletion": within("d = {'a': 1, 'b': 2}", "del d['a']", "d['a'] = 0"),
    "dict_union_augmented": within("d = {'a': 1}", "d |= {'b': 2}", "d |= [('c', 3)]"),
    "set_augmented": within("s = {1, 2}", "s |= {3}", "s &= {2, 3}", "s -= {3}", "s ^= {9}"),
    "nested_item_augmented": within(
        "c = [[1, 2], [3, 4]]", "c[1][0] += 5", "c[0][1] -= 1", "c[0][0] **= 2"
    ),
    "item_augmented_to_an_equal_address": within(
        "c = [1.5]", "c[0] += 1.0", "c[0] += 1.0; c[0] += 1.0", "c[0] -= 3.0"
    ),
    "nested_dict_of_lists": within(
        "d = {'a': {'b': [1]}}", "d['a']['b'][0] = 2", "d['a']['b'] += [3]", "d['a']['c'] = d['a']"
    ),
    "item_swap": within("c = [1, [2], 3]", "c[0], c[1] = c[1], c[0]", "c[2], c[0] = c[0], c[2]"),
    "item_as_loop_target": within(
        "c = [0, 0]", "for c[0] in range(3): pass", "for c[1] in 'ab':", "    n = 1"
    ),
    "item_as_with_target": within(
        "import contextlib", "c = [0]", "with contextlib.nullcontext([5]) as c[0]:", "    n = 1"
    ),
    "unpacking_into_items": within("c = [0, 0]; d = {}", "(c[0], *c[1]), d['k'] = (1, 2, 3), 4"),
    "item_from_walrus": within("c = [0, 0]", "c[1] = (m := [2])", "c[0] = (c := [c])"),
    "slice_of_bytearray": within(
        "b = bytearray(b'abcd')", "b[1:3] = b'xyz'", "b[0] = 65", "del b[-1]"
    ),
    "deque_item": within(
        "from collections import deque",
        "q = deque([1, 2, 3])",
        "q[1] = 'x'",
        "del q[0]",
        "q += [4]",
    ),
    "several_changes_on_one_line": within("c = []; d = {}", "c.append(1); d['c'] = c; c.append(2)"),
    "one_line_loop_of_changes": within(
        "c = []", "for i in range(3): c.append(i)", "while c: c.pop()"
    ),
    "change_in_a_condition": within(
        "c = [1, 2]", "if c.pop() and c.pop():", "    n = 1", "elif c:", "    n = 2"
    ),
    "change_over_many_lines": within(
        "c = [1]", "c.append(", "    c[0] +", "    len(c)", ")", "c[", "  0", "] = 9"
    ),
    "return_line_changes": (
        "def main(c):\n    d = c\n    return d.append(2)\nx = [1]\nmain(x)\ndone = 1\n"
    ),
    "raising_line_changes": within(
        "c = [1]",
        "try:",
        "    c.append(2); c.append(1 / 0)",
        "except ZeroDivisionError:",
        "    n = 1",
    ),
    "failing_sort_keeps_part": within(
        "c = [3, 'x', 1]", "try: c.sort()", "except TypeError: n = len(c)", "c[0] = None"
    ),
    "failing_augmented_tuple_item": within(
        "t = ([1],)", "try:", "    t[0] += [2]", "except TypeError:", "    n = 1"
    ),
    "comprehension_changes": within(
        "c = []", "n = [c.append(i) for i in range(3)]", "m = {c.pop() for _ in 'ab'}"
    ),
    "comprehension_walrus_item": within(
        "c = {}", "n = [(last := i) for i in range(3)]", "c['l'] = last"
    ),
    "lambda_changes": within("c = []", "add = lambda v: c.append(v)", "add(1)", "add(c)"),
    "generator_expression_changes": within(
        "c = []", "n = sum(1 for i in range(3) if not c.append(i))"
    ),
    "f_string_changes": within("c = [1, 2]", "n = f'{c.pop()} {c.append(5)!r:>{c[0]}}'"),
    "default_argument_changes": within(
        "def f(v, acc=[]):", "    acc.append(v)", "    return acc", "a = f(1)", "b = f(2)"
    ),
    "assert_changes": within("c = [1]", "assert c.append(2) is None, c.clear()"),
    "del_of_nested_item": within("c = {'a': [1, 2]}", "del c['a'][0], c['a']"),
    # One part is looked at where a store tells all that happened; these are stores that do not.
    "stores_that_hide_others": within(
        "c = [1, 2, 3]",
        "del c[0]; c.append(4)",
        "del c[0]; c.append(5); c.append(6)",
        "c.append(7); c.append(8); del c[0]",
        "c[0] = 'x'; c.append(9); del c[1]",
        "c.append(10); c[0] = 'y'",
        "c[-1] = 'z'; c[0] = 'a'",
        "i = 0",
        "c[i] = 'i'; i += 1",
        "c[i], i = 'j', 2",
        "i = c[i] = 0",
        "d = {1: 'a', 'k': 'b', 2: 'c'}",
        "d.pop(1); d['new'] = 1",
        "d.pop(2); d[2] = 'back'",
        "d['k'] = 2; d.pop('new')",
        "d[True] = 'one'",
        "d[2.0] = 'two'",
        "d[''.join(['k'])] = 'same key'",
        "d[(1, 2)] = []",
        "d[None] = d[2]",
    ),
    "stores_beyond_what_is_kept": within(
        "c = list(range(70))",
        "c[69] = 'far'",
        "c[1] = 'near'",
        "c.append('end')",
        "del c[60:]",
        "c.append('in')",
        "c[60] = 'again'",
        "d = {n: n for n in range(70)}",
        "d[69] = 'far'",
        "d[0] = 'near'",
        "d['new'] = 1",
    ),
    "attributes_by_code": within(
        "class Both:",
        "    def __setattr__(self, name, v):",
        "        vars(self).update({name: v, 'last': name})",
        "class Other:",
        "    both = property(lambda self: self.a, lambda self, v: vars(self).update(a=v, b=v))",
        "b = Both()",
        "b.x = 1",
        "b.y = 2",
        "b.x = 3",
        "o = Other()",
        "o.both = 1",
        "o.both = 2",
        "o.c = o.both",
        "del o.a; o.d = 1",
        "o.a = 1; del o.c",
    ),
}

BY_METHODS = {
    "list_append_extend_insert": within(
        "c = []", "c.append(1)", "c.extend('ab')", "c.insert(0, [2])"
    ),
    "list_pop_remove_clear": within("c = [1, 2, 3, 4]", "n = c.pop(1)", "c.remove(3)", "c.clear()"),
    "list_sort_and_reverse": within(
        "c = [3, 1, 2]", "c.sort()", "c.reverse()", "c.sort(reverse=True)"
    ),
    "sort_with_a_key_of_the_program": within(
        "def key(v):", "    n = -v", "    return n", "c = [3, 1, 2]", "c.sort(key=key)"
    ),
    "dict_update_setdefault_pop": within(
        "d = {'a': 1}",
        "d.update(b=[2])",
        "n = d.setdefault('c', []); n.append(3)",
        "m = d.pop('a')",
    ),
    "dict_popitem_and_clear": within("d = {'a': 1, 'b': 2}", "n = d.popitem()", "d.clear()"),
    "set_add_discard_update": within(
        "s = {1}", "s.add((2,))", "s.discard(1)", "s.update('ab')", "s.clear()"
    ),
    "set_pop_remove_difference": within(
        "s = {1}", "n = s.pop()", "s.update([4, 5])", "s.difference_update([4])"
    ),
    "deque_ends_and_rotation": within(
        "from collections import deque",
        "q = deque([1, 2], 4)",
        "q.append(3)",
        "q.appendleft(0)",
        "q.rotate(1)",
        "n = q.popleft()",
        "q.extendleft('xyz')",
    ),
    "ordered_dict_move_to_end": within(
        "from collections import OrderedDict",
        "d = OrderedDict(a=1, b=2)",
        "d.move_to_end('a')",
        "d['c'] = 3",
        "d.popitem(last=False)",
    ),
    "defaultdict_of_defaultdicts": within(
        "from collections import defaultdict",
        "d = defaultdict(lambda: defaultdict(list))",
        "d['a']['b'].append(1)",
        "d['a']['c']",
        "e = d['x']",
        "e[0].append(len(d))",
        "n = len(d)",
    ),
    "dict_with_missing": (
        "class Squares(dict):\n    def __missing__(self, key):\n"
        "        self[key] = key * key\n        return self[key]\n"
        "class Plain(dict):\n    def __missing__(self, key): return 0\n"
    )
    + within("s = Squares()", "n = s[3] + s[4]", "p = Plain()", "n = p[1]", "p[1] += 1"),
    "library_class_keeps_a_dict": within(
        "from collections import UserDict",
        "d = UserDict()",
        "d['a'] = [1]",
        "d['a'].append(2)",
        "d.update(b=1)",
        "del d['a']",
        "n = d.pop('b')",
    ),
    "library_class_keeps_a_list": within(
        "from collections import UserList",
        "d = UserList()",
        "d.append([1])",
        "d[0].append(2)",
        "d.extend([3, 4])",
        "d[1] = 5",
        "n = d.pop()",
    ),
    "library_class_keeps_a_list_of_dicts": within(
        "from collections import ChainMap",
        "d = ChainMap({}, {'b': 1})",
        "d['a'] = 1",
        "d['b'] = [2]",
        "e = d.new_child()",
        "e['c'] = 3",
        "n = d.pop('a')",
    ),
    "defaultdict_made_by_looking": within(
        "from collections import defaultdict",
        "d = defaultdict(list)",
        "n = d['a']",
        "d['b'].append(1)",
    ),
    "counter_counts": within(
        "from collections import Counter",
        "n = Counter('aab')",
        "n['a'] += 1",
        "n.update('bc')",
        "n.subtract('a')",
    ),
    "bytearray_methods": within(
        "b = bytearray(b'ab')", "b.extend(b'cd')", "b.append(33)", "b.reverse()", "b += b'!'"
    ),
    "bound_method_called_later": within(
        "c = []", "add = c.append", "add(1)", "list(map(add, 'ab'))"
    ),
    "exhausted_iterator_feeds_two": within(
        "i = iter('abc')", "a = [next(i)]", "b = list(i)", "a.extend(b)"
    ),
}

BY_C_FUNCTIONS = {
    "seeded_shuffle": within("import random", "c = list(range(6))", "random.Random(3).shuffle(c)"),
    "heapq_functions": within(
        "import heapq",
        "h = [5, 3, 4]",
        "heapq.heapify(h)",
        "heapq.heappush(h, 1)",
        "n = heapq.heappop(h)",
        "n = heapq.heapreplace(h, 9)",
    ),
    "bisect_insort": within(
        "import bisect", "c = [1, 5]", "bisect.insort(c, 3)", "bisect.insort_left(c, 3)"
    ),
    "operator_in_place": within(
        "import operator",
        "c = [1]; d = c",
        "operator.iadd(c, [2])",
        "operator.setitem(c, 0, 'x')",
        "operator.delitem(c, 1)",
    ),
    "methodcaller_and_partial": within(
        "import operator, functools",
        "c = []",
        "operator.methodcaller('append', 1)(c)",
        "functools.partial(c.insert, 0)(2)",
    ),
    "map_and_filter_with_effects": within(
        "c = []", "n = list(map(c.append, 'ab'))", "m = list(filter(c.append, (1, 2)))"
    ),
    "reduce_with_effects": within(
        "import functools",
        "c = functools.reduce(lambda acc, v: acc.append(v) or acc, 'abc', [])",
        "d = c",
        "functools.reduce(lambda acc, v: acc.append(v) or acc, [1], c)",
    ),
    "unbound_list_methods": within(
        "c = [1, 2]", "list.__setitem__(c, 0, 'x')", "list.append(c, 3)", "list.__delitem__(c, 1)"
    ),
    "unbound_dict_methods": within(
        "d = {}", "dict.__setitem__(d, 'a', 1)", "dict.update(d, b=2)", "dict.pop(d, 'a')"
    ),
    "sorted_leaves_its_argument": within(
        "c = [3, 1]", "d = sorted(c, key=lambda v: c.append(v) or v)"
    ),
    "accumulate_into_shared": within(
        "import itertools",
        "c = [[1], [2], [3]]",
        "n = list(itertools.accumulate(c, lambda a, b: a.extend(b) or a))",
    ),
    "any_and_all_with_effects": within(
        "c = []", "n = any(c.append(i) for i in range(2))", "m = all(not c.append(i) for i in 'ab')"
    ),
    "zip_of_one_iterator": within(
        "c = [1, 2, 3, 4]",
        "i = iter(c)",
        "n = [c.append(a) or (a, b) for a, b in zip(i, i) if len(c) < 6]",
    ),
    "re_sub_with_effects": within(
        "import re", "c = []", "n = re.sub('[ab]', lambda m: c.append(m[0]) or '-', 'abc')"
    ),
    "str_join_drains_a_generator": within(
        "c = ['a', 'b', 'c']", "n = '-'.join(c.pop() for _ in range(2))"
    ),
    "copy_does_not_alias": within(
        "import copy",
        "c = [[1], {'k': 2}]",
        "d = copy.copy(c); e = copy.deepcopy(c)",
        "c[0].append(9)",
    ),
    "readinto_a_bytearray": within(
        "import io", "b = bytearray(4)", "n = io.BytesIO(b'xyz').readinto(b)"
    ),
    "struct_pack_into": within(
        "import struct", "b = bytearray(4)", "struct.pack_into('<I', b, 0, 0x41424344)"
    ),
    "memoryview_writes_through": within(
        "b = bytearray(b'abcd')", "v = memoryview(b)", "v[0] = 90", "v[1:3] = b'YX'", "v.release()"
    ),
    "exec_changes_an_argument": within(
        "c = [1]",
        "exec('v.append(2)', {'v': c, '__name__': 'other'})",
        "eval('v.clear()', {'v': c, '__name__': 'other'})",
    ),
    "print_to_a_list": within(
        "class Sink:",
        "    def __init__(self): self.parts = []",
        "    def write(self, text): self.parts.append(text)",
        "s = Sink()",
        "print('a', 'b', file=s)",
        "print(1, file=s, end='!')",
    ),
}

PROGRAMS: dict[str, str] = BY_THE_LINE | BY_METHODS | BY_C_FUNCTIONS
