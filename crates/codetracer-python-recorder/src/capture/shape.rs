//! What an object shows: its form, its true length, and its parts in order.

use trace_model::value::Form;

use super::limits::Limits;
use crate::raw::instance;
use crate::raw::object::{Kind, Obj};

/// What an object shows: form, true length, and its children in order.
pub(super) struct Shape<'a> {
    pub form: Form,
    pub len: usize,
    pub children: Vec<Child<'a>>,
}

#[derive(Clone, Copy)]
pub(super) enum Child<'a> {
    Object(Obj<'a>),
    Name(Obj<'a>),
    Own(&'static str),
    Bytes(&'a [u8], usize),
    Absent,
}

/// The shallow content of an object, by exact type.
pub(super) fn shape<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let mut children = Vec::new();
    let absent = |o: Option<Obj<'a>>| o.map_or(Child::Absent, Child::Object);
    let (form, len) = match obj.kind() {
        Kind::List => {
            let len = obj.size();
            children.extend((0..len.min(limits.items)).map(|i| absent(obj.list_item(i))));
            (Form::Items, len)
        }
        Kind::Tuple => {
            let len = obj.size();
            children.extend((0..len.min(limits.items)).map(|i| absent(obj.tuple_item(i))));
            (Form::Items, len)
        }
        Kind::Dict => {
            obj.dict_entries(limits.items, |key, value| {
                children.extend([Child::Object(key), Child::Object(value)]);
            });
            (Form::Entries, obj.dict_len())
        }
        Kind::Set | Kind::FrozenSet => {
            obj.set_items(limits.items, |item| children.push(Child::Object(item)));
            (Form::Items, obj.set_len())
        }
        Kind::Range | Kind::Slice => {
            children.extend(obj.triple().map(absent));
            (Form::Items, 3)
        }
        Kind::Instance => {
            let len = instance::attributes(obj, limits.items, |name, value| {
                children.extend([Child::Name(name), Child::Object(value)]);
            });
            (Form::Attrs, len)
        }
        Kind::ByteArray => {
            children.push(Child::Bytes(obj.bytearray(limits.bytes), obj.size()));
            (Form::Content, obj.size())
        }
        Kind::Function | Kind::Type | Kind::Module => {
            let name = match obj.kind() {
                Kind::Module => "__name__",
                _ => "__qualname__",
            };
            children.extend(
                obj.own_qualname()
                    .map(Child::Object)
                    .into_iter()
                    .flat_map(|n| [Child::Own(name), n]),
            );
            (Form::Attrs, children.len() / 2)
        }
        _ => (Form::Opaque, 0),
    };
    Shape {
        form,
        len,
        children,
    }
}
