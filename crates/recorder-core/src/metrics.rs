//! What the recorder counts of itself: caught panics, detaches by reason, and the final counters of each recording.
//!
//! Owns the counts of this process and the sink that hears of each. Refuses to be called where every event passes: hooks
//! count in fields of their own, which arrive here at the end of a recording.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use recorder_errors::ErrorCode;

/// Panics that were caught.
pub const PANICS: &str = "panics";

/// Detaches; the code that was the reason follows.
const DETACHED: &str = "detached.";

/// Hears of every count. The default hears nothing.
pub trait RecorderMetrics: Send + Sync {
    /// `counter` grew by `n`. Never called by a hook that records an event, but under locks of the recorder: it must
    /// neither call the recorder nor Python.
    fn add(&self, counter: &str, n: u64);
}

static SINK: OnceLock<Box<dyn RecorderMetrics>> = OnceLock::new();
/// Since the start of the process, and of that what was taken.
static COUNTS: Mutex<Counts> = Mutex::new(Counts {
    all: BTreeMap::new(),
    taken: BTreeMap::new(),
});

struct Counts {
    all: BTreeMap<String, u64>,
    taken: BTreeMap<String, u64>,
}

fn counts() -> MutexGuard<'static, Counts> {
    COUNTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes `sink` hear of every count from now on. `false` when there is a sink already.
pub fn install(sink: Box<dyn RecorderMetrics>) -> bool {
    SINK.set(sink).is_ok()
}

/// Counts.
pub fn add(counter: &str, n: u64) {
    if n == 0 {
        return;
    }
    *counts().all.entry(counter.to_owned()).or_default() += n;
    if let Some(sink) = SINK.get() {
        sink.add(counter, n);
    }
}

/// Counts a recording that ended because of `code` before it was stopped.
pub fn detached(code: ErrorCode) {
    add(&detached_by(code), 1);
}

/// The counter of recordings that ended so.
pub fn detached_by(code: ErrorCode) -> String {
    format!("{DETACHED}{}", code.name())
}

/// How often something was counted in this process.
pub fn total(counter: &str) -> u64 {
    counts().all.get(counter).copied().unwrap_or(0)
}

/// What was counted since the last call, without what was not.
pub fn take() -> BTreeMap<String, u64> {
    let mut counts = counts();
    let all = counts.all.clone();
    let taken = std::mem::replace(&mut counts.taken, all);
    let grown = counts.all.iter().map(|(counter, n)| {
        let before = taken.get(counter).copied().unwrap_or(0);
        (counter.clone(), n - before)
    });
    grown.filter(|(_, n)| *n > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    struct Heard(Arc<Mutex<Vec<(String, u64)>>>);

    impl RecorderMetrics for Heard {
        fn add(&self, counter: &str, n: u64) {
            self.0.lock().unwrap().push((counter.to_owned(), n));
        }
    }

    #[test]
    fn each_count_is_heard_and_taken_once() {
        let heard = Arc::default();
        assert!(install(Box::new(Heard(Arc::clone(&heard)))));
        assert!(!install(Box::new(Heard(Arc::default()))));
        take();
        add(PANICS, 1);
        add(PANICS, 2);
        add("segments", 0);
        detached(ErrorCode::NO_SPACE);
        let expected = [
            (PANICS.to_owned(), 3),
            ("detached.ERR_NO_SPACE".to_owned(), 1),
        ];
        assert_eq!(take(), BTreeMap::from(expected));
        assert_eq!(take(), BTreeMap::new());
        assert_eq!(total(PANICS), 3);
        let heard: Vec<_> = heard.lock().unwrap().clone();
        assert_eq!(heard.len(), 3);
        assert_eq!(heard[1], (PANICS.to_owned(), 2));
    }
}
