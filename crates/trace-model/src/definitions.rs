//! Definitions: what the small numbers in rows stand for. Each is written once, before its first use.

use std::sync::Arc;

use crate::error::DecodeError;
use crate::wire::{Cursor, Sink, put_blob};

/// A code object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeDef {
    /// Code id.
    pub id: u32,
    /// Path id of its source.
    pub path: u32,
    /// First line, 1-based.
    pub first_line: u32,
    /// `co_flags`.
    pub flags: u32,
    /// `co_qualname`.
    pub qualname: Box<str>,
    /// Module the code ran in first (`__name__` of its globals), empty when unknown.
    pub module: Arc<str>,
    /// Names that rows refer to by slot: fast locals and cells in frame order, then names stored in a namespace.
    pub names: Arc<[Arc<str>]>,
    /// How many of the leading names are arguments, in signature order as CPython lays them out.
    pub arguments: u16,
}

impl CodeDef {
    /// Whether a frame of this code can be suspended (generator, coroutine, asynchronous generator).
    pub const fn is_suspendable(&self) -> bool {
        self.flags & (0x20 | 0x80 | 0x200) != 0
    }
}

/// A class.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TypeDef {
    /// Type id.
    pub id: u32,
    /// Qualified name.
    pub qualname: String,
    /// Defining module, empty for builtins.
    pub module: String,
}

/// A thread.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThreadDef {
    /// Thread id of the recording.
    pub id: u32,
    /// `threading.get_ident()` of the thread.
    pub ident: u64,
    /// The kernel's thread id.
    pub native: u64,
    /// Name at first sight, empty when unknown.
    pub name: String,
}

/// An asyncio task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskDef {
    /// Task id of the recording, from 1.
    pub id: u32,
    /// Task that created it: `None` when unknown, 0 when created outside any task.
    pub parent: Option<u32>,
    /// Name, empty when unknown.
    pub name: String,
}

/// A definition row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Definition {
    /// A source path: `co_filename` as the program has it.
    Path {
        /// Path id.
        id: u32,
        /// The path.
        path: String,
        /// Absolute real path of the file behind it when it was first seen, empty when there is none.
        real: String,
    },
    /// A code object.
    Code(CodeDef),
    /// A class.
    Type(TypeDef),
    /// An attribute name.
    Name {
        /// Name id.
        id: u32,
        /// The name.
        name: String,
    },
    /// A thread. Written again when its name becomes known.
    Thread(ThreadDef),
    /// An asyncio task. Written again when its parent becomes known.
    Task(TaskDef),
}

impl Definition {
    /// Writes the definition.
    pub fn encode<S: Sink>(&self, out: &mut S) {
        match self {
            Definition::Path { id, path, real } => {
                out.put_u8(1);
                out.put_u32(*id);
                put_blob(out, path.as_bytes());
                put_blob(out, real.as_bytes());
            }
            Definition::Code(code) => {
                out.put_u8(2);
                out.put_u32(code.id);
                out.put_u32(code.path);
                out.put_u32(code.first_line);
                out.put_u32(code.flags);
                out.put_u16(code.arguments);
                put_blob(out, code.qualname.as_bytes());
                put_blob(out, code.module.as_bytes());
                out.put_u16(code.names.len() as u16);
                for name in code.names.iter().take(usize::from(u16::MAX)) {
                    put_blob(out, name.as_bytes());
                }
            }
            Definition::Type(ty) => {
                out.put_u8(3);
                out.put_u32(ty.id);
                put_blob(out, ty.qualname.as_bytes());
                put_blob(out, ty.module.as_bytes());
            }
            Definition::Name { id, name } => {
                out.put_u8(4);
                out.put_u32(*id);
                put_blob(out, name.as_bytes());
            }
            Definition::Thread(thread) => {
                out.put_u8(5);
                out.put_u32(thread.id);
                out.put_u64(thread.ident);
                out.put_u64(thread.native);
                put_blob(out, thread.name.as_bytes());
            }
            Definition::Task(task) => {
                out.put_u8(6);
                out.put_u32(task.id);
                out.put_u32(task.parent.unwrap_or(u32::MAX));
                put_blob(out, task.name.as_bytes());
            }
        }
    }

    /// Reads one definition that fills `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        const W: &str = "definition";
        let c = &mut Cursor::new(bytes);
        Ok(match c.u8(W)? {
            1 => Definition::Path {
                id: c.u32(W)?,
                path: c.text(W)?,
                real: c.text(W)?,
            },
            2 => {
                let code = CodeDef {
                    id: c.u32(W)?,
                    path: c.u32(W)?,
                    first_line: c.u32(W)?,
                    flags: c.u32(W)?,
                    arguments: c.u16(W)?,
                    qualname: c.text(W)?.into(),
                    module: c.text(W)?.into(),
                    names: Arc::default(),
                };
                let names = (0..c.u16(W)?).map(|_| c.text(W).map(Arc::from));
                let names = names.collect::<Result<_, _>>()?;
                Definition::Code(CodeDef { names, ..code })
            }
            3 => Definition::Type(TypeDef {
                id: c.u32(W)?,
                qualname: c.text(W)?,
                module: c.text(W)?,
            }),
            4 => Definition::Name {
                id: c.u32(W)?,
                name: c.text(W)?,
            },
            5 => Definition::Thread(ThreadDef {
                id: c.u32(W)?,
                ident: c.u64(W)?,
                native: c.u64(W)?,
                name: c.text(W)?,
            }),
            6 => Definition::Task(TaskDef {
                id: c.u32(W)?,
                parent: Some(c.u32(W)?).filter(|parent| *parent != u32::MAX),
                name: c.text(W)?,
            }),
            _ => return Err(DecodeError::new(W, 0)),
        })
    }
}
