//! The event clock: the processor's invariant counter where there is one, else the monotonic clock.

use std::sync::OnceLock;

use trace_model::TICK_SHIFT;
use trace_store::MONOTONIC;

/// Whether the counter ticks at one rate on every core and in every power state.
fn counter_is_invariant() -> bool {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    *KNOWN.get_or_init(|| {
        #[cfg(target_arch = "x86_64")]
        {
            let highest = std::arch::x86_64::__cpuid(0x8000_0000).eax;
            highest >= 0x8000_0007 && std::arch::x86_64::__cpuid(0x8000_0007).edx & (1 << 8) != 0
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            false
        }
    })
}

/// The processor's counter, where it is known to be there.
#[inline(always)]
fn counter() -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: RDTSC has no operands and is available on every x86-64 processor.
        unsafe { std::arch::x86_64::_rdtsc() }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        monotonic_ns()
    }
}

/// A source of tick units, chosen once per session.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    counter: bool,
}

impl Clock {
    /// The best clock of this machine.
    pub fn best() -> Self {
        Self {
            counter: counter_is_invariant(),
        }
    }

    /// Now, in tick units.
    #[inline(always)]
    pub fn ticks(self) -> u64 {
        if self.counter {
            return counter() >> TICK_SHIFT;
        }
        monotonic_ns() >> TICK_SHIFT
    }
}

/// Nanoseconds of the monotonic clock.
pub fn monotonic_ns() -> u64 {
    let mut t = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes a timespec; the clock always exists on the supported systems.
    unsafe { libc::clock_gettime(MONOTONIC, &mut t) };
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}
