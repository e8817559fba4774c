//! What is decided once per code object: traced or not, its definition, its local events.

use trace_model::{Definition, Row};

use super::ending::MainEnd;
use super::recorder::Recorder;
use super::stack;
use crate::code::decide::Module;
use crate::code::facts::{CodeFacts, Wanted};
use crate::raw::errno::ErrnoGuard;
use crate::raw::extra::Extra;
use crate::raw::frame::{Code, Frame};
use crate::raw::monitoring::event;
use crate::raw::threads::{self, Current};
use crate::raw::{extra, unicode};

/// Paths remembered at most; a path that is forgotten gets another id when it is seen again.
const PATHS: usize = 4096;

impl Recorder {
    /// Decides about a code object at its first event of the session. `None`: skipped.
    #[cold]
    pub fn decide<'a>(
        &mut self,
        current: Current,
        code: Code<'a>,
        frame: Frame<'a>,
    ) -> Option<&'a CodeFacts> {
        let _errno = ErrnoGuard::keep();
        let filename = code.filename().map(unicode::text).unwrap_or_default();
        if filename == "__init__" && code.is_named("__init__") {
            // The interpreter's own frame between a call of a class and its initialiser, which has no namespace.
            return None;
        }
        let session = self.session;
        let before = self.session_before();
        let below = || {
            let below = frame.caller().0;
            stack::is_traced(below, session)
                || before.is_some_and(|before| stack::is_traced(below, before))
        };
        let traced = self.decider.traced(&filename, || module_of(frame), below);
        if !traced {
            self.counters.codes_skipped += 1;
            extra::store_skip(code, self.session);
            self.tasks.watch(&filename, code);
            return None;
        }
        // What is decided is written down, however long that takes.
        let drops = std::mem::replace(&mut self.drops, false);
        let at = self.enter(current);
        self.drops = drops;
        let at = at?;
        // A recording that begins here has decided about every open frame.
        if let Extra::Facts(facts) = extra::lookup(code)
            && facts.session == self.session
        {
            return Some(facts);
        }
        let path = self.path(at, &filename);
        let id = self.next_code;
        self.next_code += 1;
        self.counters.codes_traced += 1;
        let module = frame
            .globals()
            .and_then(|globals| threads::dict_text(globals, c"__name__"))
            .unwrap_or_default();
        self.values.records_module(&module);
        if self.main == MainEnd::Unseen
            && module == "__main__"
            && code
                .qualname()
                .is_some_and(|q| unicode::text(q) == "<module>")
        {
            self.main = MainEnd::Running(frame.address());
        }
        let (facts, definition) =
            CodeFacts::new(code, self.session, id, path, module, self.wanted());
        self.define(at, definition);
        let facts = extra::store(code, facts)?;
        self.arm(code, facts);
        Some(facts)
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            lines_by: self.lines_by,
            values: self.values.enabled(),
        }
    }

    fn path(&mut self, at: usize, filename: &str) -> u32 {
        if let Some(id) = self.paths.get(filename) {
            return *id;
        }
        if self.paths.len() >= PATHS {
            self.paths.clear();
            self.first_path = self.next_path;
        }
        let id = self.next_path;
        self.next_path += 1;
        let (_, real) = self.decider.origin(filename);
        self.paths.insert(filename.to_owned(), id);
        self.define(
            at,
            Definition::Path {
                id,
                path: filename.to_owned(),
                real,
            },
        );
        id
    }

    /// Writes a definition into the thread's segment; it is published with the event that follows.
    pub fn define(&mut self, at: usize, definition: Definition) {
        Row::Define(definition).encode(&mut self.threads[at].sink);
        let sink = &mut self.threads[at].sink;
        if !sink.has_room() && !sink.goes_on() {
            sink.commit();
            self.rotate(at);
        }
    }

    /// Sets the local events that a traced code object needs.
    pub fn arm(&self, code: Code<'_>, facts: &CodeFacts) {
        let mut mask = 0;
        if self.lines {
            mask |= if facts.analysis.watched.is_empty() {
                event::LINE
            } else {
                event::INSTRUCTION
            };
            if facts.analysis.jumps_begin_lines {
                mask |= event::JUMP;
            }
            if facts.analysis.calls_begin_lines {
                mask |= event::CALL;
            }
        }
        if facts.watches_matches.get() {
            mask |= event::BRANCH;
        }
        if mask != 0 {
            extra::mark_armed(code, facts);
            self.monitoring.set_local_events(code, mask);
        }
    }
}

/// What a frame's globals say of its module.
fn module_of(frame: Frame<'_>) -> Module {
    let Some(globals) = frame.globals() else {
        return Module::default();
    };
    let name = threads::dict_text(globals, c"__name__");
    let package = threads::dict_text(globals, c"__package__");
    let loaded = name
        .as_deref()
        .and_then(|name| std::ffi::CString::new(name).ok())
        .and_then(|name| threads::loaded_module(&name));
    let file = loaded.and_then(|module| threads::module_text(module, c"__file__"));
    Module {
        name,
        package,
        file,
        imported: loaded.is_some(),
    }
}
