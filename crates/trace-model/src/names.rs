//! Definitions by id: the lookup that everything showing or interpreting rows goes through.
//!
//! Owns the [`Names`] trait and its plain collection, [`Definitions`]. Refuses to know where definitions are stored.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::definitions::{CodeDef, Definition, TaskDef, ThreadDef, TypeDef};

/// A source path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PathDef {
    /// Path id.
    pub id: u32,
    /// `co_filename` as the program has it.
    pub path: String,
    /// Absolute real path of the file behind it, empty when there is none.
    pub real: String,
}

/// First lines of code objects: all that interpreting rows needs to know about code.
pub trait CodeLines {
    /// First line of the code object `code`, `None` when it is not defined.
    fn first_line(&self, code: u32) -> Option<u32>;
}

impl<F: Fn(u32) -> Option<u32>> CodeLines for F {
    #[inline]
    fn first_line(&self, code: u32) -> Option<u32> {
        self(code)
    }
}

/// What ids stand for. Every method gives `None` for an id that no definition introduced.
pub trait Names {
    /// The code object `id`.
    fn code(&self, id: u32) -> Option<&CodeDef>;
    /// The source path `id`.
    fn path(&self, id: u32) -> Option<&PathDef>;
    /// The class `id`.
    fn type_def(&self, id: u32) -> Option<&TypeDef>;
    /// The attribute name `id`.
    fn name(&self, id: u32) -> Option<&str>;
    /// The thread `id`.
    fn thread(&self, id: u32) -> Option<&ThreadDef>;
    /// The asyncio task `id`.
    fn task(&self, id: u32) -> Option<&TaskDef>;
}

/// How far beyond its end a table still grows densely.
const STRIDE: usize = 256;

/// Values by id: dense where ids follow each other, a map for the rest, so that one wild id costs one entry.
#[derive(Debug, Clone)]
struct Table<T> {
    dense: Vec<Option<T>>,
    sparse: HashMap<u32, T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            dense: Vec::new(),
            sparse: HashMap::new(),
        }
    }
}

impl<T> Table<T> {
    #[inline]
    fn get(&self, id: u32) -> Option<&T> {
        match self.dense.get(id as usize) {
            Some(Some(found)) => Some(found),
            _ => self.sparse.get(&id),
        }
    }

    fn insert(&mut self, id: u32, value: T) {
        let at = id as usize;
        if at >= self.dense.len() && at < self.dense.len() + STRIDE {
            self.dense.resize_with(at + 1, || None);
        }
        match self.dense.get_mut(at) {
            Some(place) => *place = Some(value),
            None => {
                self.sparse.insert(id, value);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (id, value) in other.dense.into_iter().enumerate() {
            if let (Ok(id), Some(value)) = (u32::try_from(id), value) {
                self.insert(id, value);
            }
        }
        for (id, value) in other.sparse {
            self.insert(id, value);
        }
    }

    fn iter(&self) -> impl Iterator<Item = &T> {
        self.dense.iter().flatten().chain(self.sparse.values())
    }
}

/// The one of `texts` that is the same, which is this one where there was none.
fn one_of(texts: &mut HashSet<Arc<str>>, text: &Arc<str>) -> Arc<str> {
    match texts.get(text) {
        Some(known) => Arc::clone(known),
        None => {
            texts.insert(Arc::clone(text));
            Arc::clone(text)
        }
    }
}

/// Every definition of a recording, by id. A later definition of an id replaces an earlier one.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    codes: Table<CodeDef>,
    paths: Table<PathDef>,
    types: Table<TypeDef>,
    names: Table<String>,
    threads: Table<ThreadDef>,
    tasks: Table<TaskDef>,
    /// Names of code objects, each once.
    texts: HashSet<Arc<str>>,
    /// Lists of names of code objects, each once.
    lists: HashSet<Arc<[Arc<str>]>>,
}

impl Definitions {
    /// An empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a definition in.
    pub fn add(&mut self, definition: Definition) {
        match definition {
            Definition::Path { id, path, real } => {
                self.paths.insert(id, PathDef { id, path, real });
            }
            Definition::Code(mut code) => {
                self.share(&mut code);
                self.codes.insert(code.id, code);
            }
            Definition::Type(ty) => self.types.insert(ty.id, ty),
            Definition::Name { id, name } => self.names.insert(id, name),
            Definition::Thread(thread) => self.threads.insert(thread.id, thread),
            Definition::Task(task) => self.tasks.insert(task.id, task),
        }
    }

    /// Has the names of a code object be those of others that have the same.
    fn share(&mut self, code: &mut CodeDef) {
        code.module = one_of(&mut self.texts, &code.module);
        code.names = match self.lists.get(&code.names) {
            Some(known) => Arc::clone(known),
            None => {
                let names = code.names.iter();
                let names: Arc<[_]> = names.map(|name| one_of(&mut self.texts, name)).collect();
                self.lists.insert(Arc::clone(&names));
                names
            }
        };
    }

    /// Takes the definitions of another collection in, as if they had been added after its own.
    pub fn merge(&mut self, other: Self) {
        self.texts.extend(other.texts);
        self.lists.extend(other.lists);
        self.codes.merge(other.codes);
        self.paths.merge(other.paths);
        self.types.merge(other.types);
        self.names.merge(other.names);
        self.threads.merge(other.threads);
        self.tasks.merge(other.tasks);
    }

    /// Every code object; in the order of ids as far as these follow each other.
    pub fn codes(&self) -> impl Iterator<Item = &CodeDef> {
        self.codes.iter()
    }

    /// Every source path; order as [`Definitions::codes`].
    pub fn paths(&self) -> impl Iterator<Item = &PathDef> {
        self.paths.iter()
    }

    /// Every thread; order as [`Definitions::codes`].
    pub fn threads(&self) -> impl Iterator<Item = &ThreadDef> {
        self.threads.iter()
    }

    /// Every task; order as [`Definitions::codes`].
    pub fn tasks(&self) -> impl Iterator<Item = &TaskDef> {
        self.tasks.iter()
    }

    /// Every class; order as [`Definitions::codes`].
    pub fn types(&self) -> impl Iterator<Item = &TypeDef> {
        self.types.iter()
    }
}

impl Names for Definitions {
    fn code(&self, id: u32) -> Option<&CodeDef> {
        self.codes.get(id)
    }

    fn path(&self, id: u32) -> Option<&PathDef> {
        self.paths.get(id)
    }

    fn type_def(&self, id: u32) -> Option<&TypeDef> {
        self.types.get(id)
    }

    fn name(&self, id: u32) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }

    fn thread(&self, id: u32) -> Option<&ThreadDef> {
        self.threads.get(id)
    }

    fn task(&self, id: u32) -> Option<&TaskDef> {
        self.tasks.get(id)
    }
}

impl CodeLines for Definitions {
    #[inline]
    fn first_line(&self, code: u32) -> Option<u32> {
        self.codes.get(code).map(|code| code.first_line)
    }
}
