//! The macros that construct errors, and those of fault points.
//!
//! Owns: the check, at compile time, that a macro is used with a code of its kind.
//! Form: `usage!(CODE, "format {}", args; key = value, ...)`, without the leading `ERR_`.
//! `ensure_usage!(condition, CODE, ...)` returns such an error when the condition is false.

#[doc(hidden)]
#[macro_export]
macro_rules! __recorder_error {
    ($kind:ident, $code:ident, $fmt:literal $(, $arg:expr)* $(,)? $(; $($key:ident = $value:expr),+ $(,)?)?) => {{
        const {
            ::core::assert!(
                $crate::ErrorCode::$code.kind().is($crate::ErrorKind::$kind),
                "this macro takes codes of another kind"
            )
        };
        $crate::RecorderError::new($crate::ErrorCode::$code, ::std::format!($fmt $(, $arg)*))
            $($(.with(::core::stringify!($key), $value))+)?
    }};
}

/// A [`RecorderError`](crate::RecorderError) of kind Usage.
#[macro_export]
macro_rules! usage { ($($t:tt)+) => { $crate::__recorder_error!(Usage, $($t)+) }; }

/// A [`RecorderError`](crate::RecorderError) of kind Environment.
#[macro_export]
macro_rules! enverr { ($($t:tt)+) => { $crate::__recorder_error!(Environment, $($t)+) }; }

/// A [`RecorderError`](crate::RecorderError) of kind Target.
#[macro_export]
macro_rules! target { ($($t:tt)+) => { $crate::__recorder_error!(Target, $($t)+) }; }

/// A [`RecorderError`](crate::RecorderError) of kind Internal.
#[macro_export]
macro_rules! bug { ($($t:tt)+) => { $crate::__recorder_error!(Internal, $($t)+) }; }

/// Returns a Usage error from the enclosing function when the condition is false.
#[macro_export]
macro_rules! ensure_usage {
    ($ok:expr, $($t:tt)+) => { if !$ok { return ::core::result::Result::Err($crate::usage!($($t)+)); } };
}

/// Returns an Environment error from the enclosing function when the condition is false.
#[macro_export]
macro_rules! ensure_env {
    ($ok:expr, $($t:tt)+) => { if !$ok { return ::core::result::Result::Err($crate::enverr!($($t)+)); } };
}

/// Returns a Target error from the enclosing function when the condition is false.
#[macro_export]
macro_rules! ensure_target {
    ($ok:expr, $($t:tt)+) => { if !$ok { return ::core::result::Result::Err($crate::target!($($t)+)); } };
}

/// Returns an Internal error from the enclosing function when the condition is false.
#[macro_export]
macro_rules! ensure_internal {
    ($ok:expr, $($t:tt)+) => { if !$ok { return ::core::result::Result::Err($crate::bug!($($t)+)); } };
}

/// A fault point before a call of the operating system: an `io::Result<()>`, which fails in a build with
/// `failure-fixtures` alone, when a test says so. See the module `fault`.
#[cfg(feature = "failure-fixtures")]
#[macro_export]
macro_rules! fault_call {
    ($point:literal) => {
        $crate::fault::call($point)
    };
}

/// A fault point before a call of the operating system; not in this build.
#[cfg(not(feature = "failure-fixtures"))]
#[macro_export]
macro_rules! fault_call {
    ($point:literal) => {
        ::std::io::Result::Ok(())
    };
}

/// A fault point that panics in a build with `failure-fixtures` when a test says so.
#[cfg(feature = "failure-fixtures")]
#[macro_export]
macro_rules! fault_panic {
    ($kind:literal, $name:expr) => {
        $crate::fault::panic($kind, $name)
    };
}

/// A fault point that panics; not in this build.
#[cfg(not(feature = "failure-fixtures"))]
#[macro_export]
macro_rules! fault_panic {
    ($kind:literal, $name:expr) => {};
}

/// A fault point that damages bytes in a build with `failure-fixtures` when a test says so.
#[cfg(feature = "failure-fixtures")]
#[macro_export]
macro_rules! fault_bytes {
    ($point:literal, $bytes:expr) => {
        $crate::fault::bytes($point, $bytes)
    };
}

/// A fault point that damages bytes; not in this build.
#[cfg(not(feature = "failure-fixtures"))]
#[macro_export]
macro_rules! fault_bytes {
    ($point:literal, $bytes:expr) => {};
}

/// Whether a build with `failure-fixtures` is to find that the machine lacks something.
#[cfg(feature = "failure-fixtures")]
#[macro_export]
macro_rules! fault_absent {
    ($point:literal) => {
        $crate::fault::absent($point)
    };
}

/// Whether the machine is to lack something; not in this build.
#[cfg(not(feature = "failure-fixtures"))]
#[macro_export]
macro_rules! fault_absent {
    ($point:literal) => {
        false
    };
}
