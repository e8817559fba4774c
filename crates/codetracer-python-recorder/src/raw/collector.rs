//! The count by which CPython decides when its cyclic collector runs next.

use pyo3::ffi;

use super::layout::{LAYOUT, generation};
use super::object::read_at;

/// Sets the number of containers made since the youngest generation was last collected, so that what the launch made
/// does not bring the program's next collection forward. Does nothing where `counts` and `thresholds` (from the `gc`
/// module, now) are not found at the place that is known for this interpreter.
pub fn set_young_count(counts: [i32; 3], thresholds: [i32; 3], young: i32) -> bool {
    let Some(layout) = LAYOUT else { return false };
    // SAFETY: the interpreter state is alive while its thread runs, and larger than the offsets read.
    unsafe {
        let generations = ffi::PyInterpreterState_Get()
            .cast::<u8>()
            .add(layout.young_generation);
        for (n, (count, threshold)) in counts.iter().zip(thresholds).enumerate() {
            let one = generations.add(n * generation::SIZE);
            let found: i32 = read_at(one, generation::COUNT);
            // Asking for the counts may have made a container or two.
            if read_at::<i32>(one, generation::THRESHOLD) != threshold || (found - count).abs() > 8
            {
                return false;
            }
        }
        generations
            .add(generation::COUNT)
            .cast::<i32>()
            .write(young);
    }
    true
}
