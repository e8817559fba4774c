//! How frames are read: in place, or through frame objects by the public interface.

use std::sync::atomic::{AtomicBool, Ordering};

use super::layout::LAYOUT;

static PUBLIC: AtomicBool = AtomicBool::new(false);

/// Whether frames are read in place.
#[inline(always)]
pub fn is_direct() -> bool {
    LAYOUT.is_some() && !PUBLIC.load(Ordering::Relaxed)
}

/// Reads frames in place (`true`) or through frame objects, from now on. Addresses of frames differ between the two, so
/// no frame may be remembered across the change.
pub fn set_direct(direct: bool) {
    PUBLIC.store(!direct, Ordering::Relaxed);
}
