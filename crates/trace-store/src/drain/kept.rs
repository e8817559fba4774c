//! Definitions that a flight recorder may need again: each part of the ring begins with all of them.
//!
//! Owns which these are. Refuses to keep those of code objects and threads that are gone, of classes and names whose ids
//! are not given any more, and of tasks that no part has rows of.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use trace_model::Definition;

use super::FirstIds;
use super::objects::AddressHasher;

/// What a definition is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Path,
    Code,
    Type,
    Name,
    Thread,
    Task,
}

#[derive(Debug)]
struct Entry {
    bytes: Box<[u8]>,
    /// Of a code object, its path.
    path: Option<u32>,
    /// Number of the newest part that was there when it was made; of a task, when it was seen last.
    seen: u64,
}

/// The definitions by kind and id.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    entries: HashMap<u64, Entry, BuildHasherDefault<AddressHasher>>,
    /// How many code objects have each path.
    paths: HashMap<u32, u32>,
    /// No new code object has a path below this id.
    paths_before: u32,
    /// Number of the newest part.
    part: u64,
}

const fn key(kind: Kind, id: u32) -> u64 {
    (id as u64) << 4 | kind as u64
}

const fn is(key: u64, kind: Kind) -> bool {
    key & 15 == kind as u64
}

impl Kept {
    /// Takes a definition in, and gives its bytes.
    pub fn learn(&mut self, definition: &Definition) -> &[u8] {
        let (kind, id, path) = match definition {
            Definition::Path { id, .. } => (Kind::Path, *id, None),
            Definition::Code(code) => (Kind::Code, code.id, Some(code.path)),
            Definition::Type(ty) => (Kind::Type, ty.id, None),
            Definition::Name { id, .. } => (Kind::Name, *id, None),
            Definition::Thread(thread) => (Kind::Thread, thread.id, None),
            Definition::Task(task) => (Kind::Task, task.id, None),
        };
        let mut bytes = Vec::new();
        definition.encode(&mut bytes);
        let entry = Entry {
            bytes: bytes.into_boxed_slice(),
            path,
            seen: self.part,
        };
        let at = key(kind, id);
        if let (None, Some(path)) = (self.entries.insert(at, entry), path) {
            *self.paths.entry(path).or_default() += 1;
        }
        self.entries.get(&at).map_or(&[], |entry| &entry.bytes)
    }

    /// Rows belong to a task.
    pub fn task(&mut self, task: u32) {
        if task != 0
            && let Some(entry) = self.entries.get_mut(&key(Kind::Task, task))
        {
            entry.seen = self.part;
        }
    }

    /// Another part begins, while `oldest` is the oldest that stays: tasks that were seen in none of these go.
    pub fn begin(&mut self, part: u64, oldest: u64) {
        self.part = part;
        self.entries
            .retain(|at, entry| !is(*at, Kind::Task) || entry.seen >= oldest);
    }

    /// All of them, as definitions are written.
    pub fn definitions(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.values().map(|entry| &*entry.bytes)
    }

    /// Forgets a thread that is gone.
    pub fn forget_thread(&mut self, thread: u32) {
        self.entries.remove(&key(Kind::Thread, thread));
    }

    /// Forgets a code object that is gone, and its path where no other has it.
    pub fn forget_code(&mut self, code: u32) {
        let Some(path) = self.entries.remove(&key(Kind::Code, code)) else {
            return;
        };
        let Some(path) = path.path else { return };
        if let Some(count) = self.paths.get_mut(&path) {
            *count -= 1;
            if *count == 0 {
                self.paths.remove(&path);
                if path < self.paths_before {
                    self.entries.remove(&key(Kind::Path, path));
                }
            }
        }
    }

    /// Forgets what has an id that is not given again, but for paths of code objects.
    pub fn forget_before(&mut self, first: &FirstIds) {
        self.paths_before = first.path;
        let paths = &self.paths;
        self.entries.retain(|at, _| {
            let id = (at >> 4) as u32;
            !(is(*at, Kind::Type) && id < first.class
                || is(*at, Kind::Name) && id < first.name
                || is(*at, Kind::Path) && id < first.path && !paths.contains_key(&id))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trace_model::{CodeDef, TaskDef, TypeDef};

    fn code(id: u32, path: u32) -> Definition {
        Definition::Code(CodeDef {
            id,
            path,
            ..CodeDef::default()
        })
    }

    fn path(id: u32) -> Definition {
        Definition::Path {
            id,
            path: format!("<{id}>"),
            real: String::new(),
        }
    }

    #[test]
    fn a_path_goes_with_the_last_code_object_that_can_have_it() {
        let mut kept = Kept::default();
        for definition in [path(7), code(1, 7), code(2, 7), code(1, 7)] {
            kept.learn(&definition);
        }
        kept.forget_code(1);
        kept.forget_code(1);
        assert_eq!(kept.definitions().count(), 2);
        kept.forget_code(2);
        assert_eq!(kept.definitions().count(), 1);
        kept.learn(&code(3, 7));
        let first = FirstIds {
            path: 8,
            ..FirstIds::default()
        };
        kept.forget_before(&first);
        assert_eq!(kept.definitions().count(), 2);
        kept.forget_code(3);
        assert_eq!(kept.definitions().count(), 0);
    }

    #[test]
    fn classes_of_older_ids_and_tasks_of_no_part_go() {
        let mut kept = Kept::default();
        for id in 1..5 {
            kept.begin(u64::from(id), 1);
            kept.learn(&Definition::Type(TypeDef {
                id,
                ..TypeDef::default()
            }));
            kept.learn(&Definition::Task(TaskDef {
                id,
                ..TaskDef::default()
            }));
        }
        let first = FirstIds {
            class: 4,
            ..FirstIds::default()
        };
        kept.forget_before(&first);
        assert_eq!(kept.definitions().count(), 5);
        kept.task(1);
        kept.begin(5, 4);
        let mut left: Vec<Definition> = kept
            .definitions()
            .map(|bytes| Definition::decode(bytes).unwrap())
            .collect();
        left.retain(|definition| matches!(definition, Definition::Task(_)));
        let mut tasks: Vec<u32> = left
            .iter()
            .map(|definition| match definition {
                Definition::Task(task) => task.id,
                _ => 0,
            })
            .collect();
        tasks.sort_unstable();
        assert_eq!(tasks, [1, 4]);
    }
}
