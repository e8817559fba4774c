//! Offsets of the CPython structures that no public function reads cheaply, one row per interpreter version.
//!
//! Sources: `Include/cpython/pystate.h`, `Include/internal/pycore_frame.h`, `Include/cpython/code.h`,
//! `Include/internal/pycore_dict.h`, `Include/internal/pycore_interp.h` of CPython 3.12 and 3.13. Preflight proves them before they are used.

/// Byte offsets for one interpreter version.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// `PyThreadState` -> `_PyCFrame *` (3.12), or `None` where the frame pointer stands in the thread state itself.
    pub cframe: Option<usize>,
    /// `_PyCFrame` or `PyThreadState` -> current `_PyInterpreterFrame *`.
    pub current_frame: usize,
    /// `PyThreadState.id`.
    pub thread_state_id: usize,
    /// `PyThreadState.native_thread_id`.
    pub native_thread_id: usize,
    /// `PyThreadState.thread_id`.
    pub thread_id: usize,
    /// `PyCodeObject.co_extra`.
    pub co_extra: usize,
    /// `struct _dictvalues.values`.
    pub dict_values: usize,
    /// `PyInterpreterState.gc.generations[0]`.
    pub young_generation: usize,
}

/// The interpreter this extension is compiled for, if its layout is known.
pub const LAYOUT: Option<Layout> = if cfg!(Py_GIL_DISABLED) || cfg!(Py_3_14) {
    None
} else if cfg!(Py_3_13) {
    Some(Layout {
        cframe: None,
        current_frame: 72,
        thread_state_id: 224,
        native_thread_id: 160,
        thread_id: 152,
        co_extra: 192,
        dict_values: 8,
        young_generation: 7424,
    })
} else {
    Some(Layout {
        cframe: Some(56),
        current_frame: 0,
        thread_state_id: 224,
        native_thread_id: 144,
        thread_id: 136,
        co_extra: 184,
        dict_values: 0,
        young_generation: 136,
    })
};

/// `_PyInterpreterFrame` fields, alike on 3.12 and 3.13.
pub mod frame {
    /// `f_code` / `f_executable`.
    pub const CODE: usize = 0;
    /// `previous`.
    pub const PREVIOUS: usize = 8;
    /// `f_globals`.
    pub const GLOBALS: usize = 24;
    /// `f_locals`.
    pub const LOCALS: usize = 40;
    /// `owner`.
    pub const OWNER: usize = 70;
    /// `localsplus`.
    pub const LOCALSPLUS: usize = 72;
    /// `owner` of the entry frames that C code pushes.
    pub const OWNED_BY_CSTACK: u8 = 3;
}

/// `struct gc_generation` fields, alike on 3.12 and 3.13.
pub mod generation {
    /// `threshold`.
    pub const THRESHOLD: usize = 16;
    /// `count`.
    pub const COUNT: usize = 20;
    /// Size of one.
    pub const SIZE: usize = 24;
}

/// `PyCodeObject` fields, alike on 3.12 and 3.13.
pub mod code {
    /// `co_consts`.
    pub const CONSTS: usize = 24;
    /// `co_names`.
    pub const NAMES: usize = 32;
    /// `co_exceptiontable`.
    pub const EXCEPTIONTABLE: usize = 40;
    /// `co_flags`.
    pub const FLAGS: usize = 48;
    /// `co_argcount`.
    pub const ARGCOUNT: usize = 52;
    /// `co_kwonlyargcount`.
    pub const KWONLYARGCOUNT: usize = 60;
    /// `co_firstlineno`.
    pub const FIRSTLINENO: usize = 68;
    /// `co_nlocalsplus`.
    pub const NLOCALSPLUS: usize = 72;
    /// `co_localsplusnames`.
    pub const LOCALSPLUSNAMES: usize = 96;
    /// `co_localspluskinds`.
    pub const LOCALSPLUSKINDS: usize = 104;
    /// `co_filename`.
    pub const FILENAME: usize = 112;
    /// `co_qualname`.
    pub const QUALNAME: usize = 128;
    /// `co_linetable`.
    pub const LINETABLE: usize = 136;
}

/// Fields of other objects, alike on 3.12 and 3.13.
pub mod object {
    /// `PyLongObject.long_value.lv_tag`.
    pub const LONG_TAG: usize = 16;
    /// `PyLongObject.long_value.ob_digit`.
    pub const LONG_DIGITS: usize = 24;
    /// `PyFloatObject.ob_fval`.
    pub const FLOAT: usize = 16;
    /// `PyComplexObject.cval`.
    pub const COMPLEX: usize = 16;
    /// `PyVarObject.ob_size`.
    pub const SIZE: usize = 16;
    /// `PyTupleObject.ob_item`.
    pub const TUPLE_ITEMS: usize = 24;
    /// `PyListObject.ob_item`.
    pub const LIST_ITEMS: usize = 24;
    /// `PyBytesObject.ob_sval`.
    pub const BYTES_DATA: usize = 32;
    /// `PyByteArrayObject.ob_start`.
    pub const BYTEARRAY_START: usize = 40;
    /// `PySetObject.mask`.
    pub const SET_MASK: usize = 32;
    /// `PySetObject.used`.
    pub const SET_USED: usize = 24;
    /// `PySetObject.table`.
    pub const SET_TABLE: usize = 40;
    /// `PyCellObject.ob_ref`.
    pub const CELL_REF: usize = 16;
    /// `PyBaseExceptionObject.args`.
    pub const EXCEPTION_ARGS: usize = 24;
    /// `PyBaseExceptionObject.traceback`.
    pub const EXCEPTION_TRACEBACK: usize = 40;
    /// `PyBaseExceptionObject.context`.
    pub const EXCEPTION_CONTEXT: usize = 48;
    /// `PyBaseExceptionObject.cause`.
    pub const EXCEPTION_CAUSE: usize = 56;
    /// `PyBaseExceptionObject.suppress_context`.
    pub const EXCEPTION_SUPPRESS: usize = 64;
    /// `PyFunctionObject.func_defaults`.
    pub const FUNCTION_DEFAULTS: usize = 56;
    /// `PyFunctionObject.func_kwdefaults`.
    pub const FUNCTION_KWDEFAULTS: usize = 64;
    /// `PySystemExitObject.code`.
    pub const SYSTEM_EXIT_CODE: usize = 72;
    /// `_PyAsyncGenWrappedValue.agw_val`.
    pub const WRAPPED_VALUE: usize = 16;
    /// `PyTracebackObject.tb_next`.
    pub const TRACEBACK_NEXT: usize = 16;
    /// `PyTracebackObject.tb_frame`.
    pub const TRACEBACK_FRAME: usize = 24;
    /// `PyTracebackObject.tb_lasti`.
    pub const TRACEBACK_OFFSET: usize = 32;
    /// `PyTracebackObject.tb_lineno`.
    pub const TRACEBACK_LINE: usize = 36;
    /// `PyFrameObject.f_frame`.
    pub const FRAME_INTERPRETER_FRAME: usize = 24;
    /// `PyFunctionObject.func_qualname`.
    pub const FUNCTION_QUALNAME: usize = 40;
    /// `PyTypeObject.tp_flags`.
    pub const TYPE_FLAGS: usize = 168;
    /// `PyHeapTypeObject.ht_qualname`.
    pub const TYPE_QUALNAME: usize = 872;
    /// `PyHeapTypeObject.ht_cached_keys`.
    pub const TYPE_CACHED_KEYS: usize = 880;
    /// `PyHeapTypeObject._ht_tpname`.
    pub const TYPE_C_NAME: usize = 896;
    /// `PyASCIIObject.hash`.
    pub const STR_HASH: usize = 24;
    /// `PyDictKeysObject.dk_log2_size`.
    pub const KEYS_LOG2_SIZE: usize = 8;
    /// `PyDictKeysObject.dk_log2_index_bytes`.
    pub const KEYS_LOG2_INDEX_BYTES: usize = 9;
    /// `PyDictKeysObject.dk_kind`.
    pub const KEYS_KIND: usize = 10;
    /// `PyDictKeysObject.dk_nentries`.
    pub const KEYS_NENTRIES: usize = 24;
    /// `PyDictKeysObject.dk_indices`.
    pub const KEYS_INDICES: usize = 32;
    /// `PyDictObject.ma_keys`.
    pub const DICT_KEYS: usize = 32;
    /// `dk_kind` of a table that holds keys other than `str`.
    pub const KEYS_GENERAL: u8 = 0;
    /// Distance from an object to its managed dictionary slot.
    pub const MANAGED_DICT: isize = -24;
    /// `Py_TPFLAGS_MANAGED_DICT`.
    pub const FLAG_MANAGED_DICT: u64 = 1 << 4;
    /// `Py_TPFLAGS_INLINE_VALUES`.
    pub const FLAG_INLINE_VALUES: u64 = 1 << 2;
    /// `Py_TPFLAGS_HEAPTYPE`.
    pub const FLAG_HEAPTYPE: u64 = 1 << 9;
    /// `Py_TPFLAGS_LONG_SUBCLASS`.
    pub const FLAG_INT: u64 = 1 << 24;
    /// `Py_TPFLAGS_TUPLE_SUBCLASS`.
    pub const FLAG_TUPLE: u64 = 1 << 26;
    /// `Py_TPFLAGS_BASE_EXC_SUBCLASS`.
    pub const FLAG_EXCEPTION: u64 = 1 << 30;
    /// `Py_TPFLAGS_TYPE_SUBCLASS`.
    pub const FLAG_TYPE: u64 = 1 << 31;
}
