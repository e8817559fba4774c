//! Which events `print --json` shows: those that the tree would show with the same options.

use std::collections::HashMap;

use trace_export::names_function;
use trace_model::{Event, Names};

/// What is wanted, and where each thread stands.
pub struct Shown {
    function: Option<String>,
    depth: Option<u32>,
    /// By thread: depth and call of the outermost frame shown.
    bases: HashMap<u32, (u32, u64)>,
}

impl Shown {
    /// Calls of functions named by the pattern `function` and what they call, `depth` levels of it.
    pub fn new(function: Option<String>, depth: Option<u32>) -> Self {
        Self {
            function,
            depth,
            bases: HashMap::new(),
        }
    }

    /// Whether an event is shown. Every event has to be asked about, in the order of steps.
    pub fn wants(&mut self, event: &Event, names: &dyn Names) -> bool {
        let base = match &self.function {
            None => 0,
            Some(pattern) => {
                let known = self.bases.get(&event.thread).copied();
                let below = known.filter(|(depth, call)| {
                    event.depth > *depth || (event.depth == *depth && event.call == *call)
                });
                match below {
                    Some((depth, _)) => depth,
                    None => {
                        let code = names.code(event.code);
                        if !code.is_some_and(|code| names_function(pattern, &code.qualname)) {
                            self.bases.remove(&event.thread);
                            return false;
                        }
                        let base = (event.depth, event.call);
                        self.bases.insert(event.thread, base);
                        event.depth
                    }
                }
            }
        };
        self.depth
            .is_none_or(|levels| event.depth.saturating_sub(base) < levels)
    }
}
