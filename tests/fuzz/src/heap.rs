//! How much memory a piece of code held at its worst, counted at the allocator, thread by thread.

use std::cell::Cell;

#[global_allocator]
static COUNTING: crate::raw::Counting = crate::raw::Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

/// A block of `bytes` was given out, or taken back where it is less than 0.
pub(crate) fn count(bytes: isize) {
    // A thread that is ending counts no more.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = MOST.try_with(|most| most.set(most.get().max(held.get())));
    });
}

/// Runs `code`; gives the most that this thread held meanwhile, above what it held before.
pub fn most(code: impl FnOnce()) -> usize {
    let before = HELD.with(Cell::get);
    MOST.with(|most| most.set(before));
    code();
    MOST.with(Cell::get).saturating_sub(before).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_is_counted_and_what_was_given_back_is_not() {
        let held = most(|| {
            drop(vec![0u8; 5000]);
            let mut grown = Vec::with_capacity(1000);
            grown.push(1u8);
            grown.reserve_exact(3000);
        });
        assert!((5000..7000).contains(&held), "{held}");
        assert_eq!(most(|| ()), 0);
    }
}
