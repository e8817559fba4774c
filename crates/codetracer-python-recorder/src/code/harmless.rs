//! Names of functions and methods whose calls leave nothing to look for.

use super::touches::Method;

/// Whether a function by this global name neither changes its arguments nor gives a structure of objects that were
/// never seen.
pub fn function(name: &str) -> bool {
    matches!(
        name,
        "abs"
            | "all"
            | "any"
            | "ascii"
            | "bin"
            | "bool"
            | "bytes"
            | "callable"
            | "chr"
            | "divmod"
            | "float"
            | "format"
            | "getattr"
            | "hasattr"
            | "hash"
            | "hex"
            | "id"
            | "int"
            | "isinstance"
            | "issubclass"
            | "len"
            | "max"
            | "min"
            | "oct"
            | "ord"
            | "pow"
            | "print"
            | "range"
            | "repr"
            | "round"
            | "str"
            | "sum"
            | "super"
            | "type"
    )
}

/// Whether the result of a function by this global name holds only what was there before; it may change its arguments.
pub fn passes_on(name: &str) -> bool {
    matches!(
        name,
        "delattr"
            | "deque"
            | "dict"
            | "enumerate"
            | "frozenset"
            | "heapify"
            | "heappop"
            | "heappush"
            | "heappushpop"
            | "heapreplace"
            | "insort"
            | "insort_left"
            | "insort_right"
            | "list"
            | "reversed"
            | "set"
            | "setattr"
            | "sorted"
            | "tuple"
            | "zip"
    )
}

/// Whether the result of a method by this name is a scalar, or was there before, or holds only what was there before.
pub fn result(name: &str) -> bool {
    matches!(
        name,
        "add"
            | "append"
            | "appendleft"
            | "clear"
            | "copy"
            | "count"
            | "decode"
            | "discard"
            | "encode"
            | "endswith"
            | "extend"
            | "extendleft"
            | "find"
            | "format"
            | "get"
            | "heapify"
            | "heappop"
            | "heappush"
            | "heappushpop"
            | "heapreplace"
            | "index"
            | "insert"
            | "isalnum"
            | "isalpha"
            | "isdigit"
            | "isspace"
            | "items"
            | "join"
            | "keys"
            | "lower"
            | "lstrip"
            | "pop"
            | "popleft"
            | "remove"
            | "replace"
            | "reverse"
            | "rfind"
            | "rotate"
            | "rstrip"
            | "setdefault"
            | "sort"
            | "split"
            | "splitlines"
            | "startswith"
            | "strip"
            | "title"
            | "update"
            | "upper"
            | "values"
            | "write"
    )
}

/// What a method of this name does to a list, dict, set or bytearray.
pub fn method(name: &str) -> Method {
    match name {
        "append" => Method::Appends,
        "copy"
        | "count"
        | "decode"
        | "difference"
        | "endswith"
        | "find"
        | "get"
        | "hex"
        | "index"
        | "intersection"
        | "isdisjoint"
        | "issubset"
        | "issuperset"
        | "items"
        | "join"
        | "keys"
        | "rfind"
        | "split"
        | "startswith"
        | "symmetric_difference"
        | "union"
        | "values" => Method::Reads,
        _ => Method::Any,
    }
}
