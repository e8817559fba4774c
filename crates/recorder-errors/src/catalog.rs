//! The catalogue: every error code, declared once, one file per kind.
//!
//! An entry's name is its constant with `ERR_` before it. Python, TypeScript and the reference
//! are generated from here. A name is never reused: a code without a cause moves to `retired`.

mod environment;
mod internal;
mod retired;
mod target;
mod usage;

use crate::Entry;

/// Declares active codes of one kind: constants of `ErrorCode` and the table `ENTRIES`.
macro_rules! codes {
    ($kind:ident; $($name:ident { summary: $summary:expr, why: $why:expr, fix: $fix:expr, example: $example:expr $(,)? })+) => {
        $(
            static $name: $crate::Entry = $crate::Entry {
                name: concat!("ERR_", stringify!($name)),
                kind: $crate::ErrorKind::$kind,
                retired: false,
                summary: $summary,
                why: $why,
                fix: $fix,
                example: $example,
            };
        )+

        impl $crate::ErrorCode {
            $(
                #[doc = $summary]
                pub const $name: $crate::ErrorCode = $crate::ErrorCode::of(&$name);
            )+
        }

        pub(super) static ENTRIES: &[&$crate::Entry] = &[$(&$name),+];
    };
}
use codes;

/// Every entry, retired ones last.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    [
        usage::ENTRIES,
        environment::ENTRIES,
        target::ENTRIES,
        internal::ENTRIES,
        retired::ENTRIES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The entry of a name, retired ones included.
pub fn find(name: &str) -> Option<&'static Entry> {
    entries().find(|entry| entry.name == name)
}
