//! The one order of all threads' events, and ids that follow it.

use crate::raw::clock::Clock;

/// Counters shared by all threads, advanced under the GIL.
#[derive(Debug)]
pub struct Order {
    /// Step of the next event.
    pub step: u64,
    /// Id of the next frame.
    pub call: u64,
    /// Index of the thread that wrote the last row; another one writes a `Sync` first.
    pub last: usize,
    /// The event clock.
    pub clock: Clock,
}

impl Order {
    /// Counters at the start of a session.
    pub fn new(clock: Clock) -> Self {
        Self {
            step: 0,
            call: 0,
            last: usize::MAX,
            clock,
        }
    }

    /// The next frame id.
    #[inline(always)]
    pub fn next_call(&mut self) -> u64 {
        let call = self.call;
        self.call += 1;
        call
    }
}
