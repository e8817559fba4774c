//! Ids of classes and attribute names, given at first sight and defined in the row stream before their first use.

use trace_model::{Definition, Row, TypeDef};

use crate::hooks::suspended::AddressMap;
use crate::raw::object::Obj;
use crate::raw::sink::RowSink;
use crate::raw::types;
use crate::raw::unicode;

/// Longest name that a definition keeps, in bytes.
const NAME_BYTES: usize = 512;

/// Classes or names after which both tables begin anew.
const CAPACITY: usize = 1 << 15;

/// Ids by address, each with a second mark that tells a reused address.
#[derive(Default)]
pub struct Ids {
    types: AddressMap<(usize, u32)>,
    names: AddressMap<(u64, u32)>,
    last_type: (usize, usize, u32),
    /// Types whose instances may store what is read of them.
    storing: AddressMap<()>,
    next_type: u32,
    next_name: u32,
    first: (u32, u32),
    /// By the address of the text, with the text that stood there.
    own_names: AddressMap<(Box<str>, u32)>,
}

fn clip(mut text: String) -> String {
    if text.len() > NAME_BYTES {
        let mut end = NAME_BYTES;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

impl Ids {
    /// Whether it is time to forget.
    pub fn are_many(&self) -> bool {
        self.types.len().max(self.names.len()) >= CAPACITY
    }

    /// Forgets every class and name of the program, so that each gets a new id and is defined again when it is seen
    /// next. No segment that was begun before may be written to afterwards: its rows have the ids from before.
    pub fn forget(&mut self) {
        self.types = AddressMap::default();
        self.names = AddressMap::default();
        self.own_names = AddressMap::default();
        self.last_type = (0, 0, 0);
        self.first = (self.next_type, self.next_name);
    }

    /// The first ids of a class and of a name that were not forgotten.
    pub fn first(&self) -> (u32, u32) {
        self.first
    }

    /// The id of the type of `obj`.
    #[inline(always)]
    pub fn type_of(&mut self, obj: Obj<'_>, sink: &mut RowSink) -> u32 {
        let ty = obj.type_ptr() as usize;
        let mark = types::mark(obj);

        if self.last_type.0 == ty && self.last_type.1 == mark {
            return self.last_type.2;
        }
        let id = match self.types.get(&ty) {
            Some((known, id)) if *known == mark => *id,
            _ => self.define_type(obj, mark, sink),
        };
        self.last_type = (ty, mark, id);
        id
    }

    #[cold]
    fn define_type(&mut self, obj: Obj<'_>, mark: usize, sink: &mut RowSink) -> u32 {
        let id = self.next_type;
        self.next_type += 1;
        self.types.insert(obj.type_ptr() as usize, (mark, id));
        if types::stores_what_is_read(obj) {
            self.storing.insert(obj.type_ptr() as usize, ());
        }
        let (module, qualname) = types::names(obj);
        Row::Define(Definition::Type(TypeDef {
            id,
            qualname: clip(qualname),
            module: clip(module),
        }))
        .encode(sink);
        id
    }

    /// Whether instances of any type seen so far may store what is read of them.
    #[inline(always)]
    pub fn any_stores_what_is_read(&self) -> bool {
        !self.storing.is_empty()
    }

    /// Whether those of the type of `obj` may.
    pub fn stores_what_is_read(&self, obj: Obj<'_>) -> bool {
        self.storing.contains_key(&(obj.type_ptr() as usize))
    }

    /// The id of an attribute name.
    #[inline]
    pub fn name(&mut self, name: Obj<'_>, sink: &mut RowSink) -> u32 {
        let mark = if unicode::is_str(name) {
            types::text_mark(name)
        } else {
            0
        };
        match self.names.get(&name.address()) {
            Some((known, id)) if *known == mark => *id,
            _ => {
                let text = if unicode::is_str(name) {
                    clip(unicode::text(name))
                } else {
                    String::from("?")
                };
                let id = self.define_name(text, sink);
                self.names.insert(name.address(), (mark, id));
                id
            }
        }
    }

    /// Makes a text a definition; its id.
    #[cold]
    pub fn define_name(&mut self, name: String, sink: &mut RowSink) -> u32 {
        let id = self.next_name;
        self.next_name += 1;
        Row::Define(Definition::Name { id, name }).encode(sink);
        id
    }

    /// The id of a name that no `str` of the program holds: a part of an object, or a field of a C type.
    pub fn own_name(&mut self, name: &str, sink: &mut RowSink) -> u32 {
        let address = name.as_ptr() as usize;
        if let Some((known, id)) = self.own_names.get(&address)
            && **known == *name
        {
            return *id;
        }
        let id = self.define_name(clip(name.to_owned()), sink);
        self.own_names.insert(address, (name.into(), id));
        id
    }
}
