//! What a line did to objects in place: those that its code touches are looked at when it has run.

use super::graph::{Looks, Walk};
use super::{Values, read};
use crate::code::facts::{CodeFacts, Reach, Source, Way};
use crate::code::touches::{Deed, Key, Method, Touch};
use crate::hooks::thread::ThreadContext;
use crate::raw::extra::{self, Extra};
use crate::raw::frame::Frame;
use crate::raw::object::{Kind, Obj};
use crate::raw::structure::Structure;
use crate::raw::{buffers, dict, function, lookup, structure, threads};

/// Records how the objects that `line` touches are now, where that is not how they were recorded; those that store what
/// is read of them are touched by reading.
#[inline(always)]
pub fn touched(
    values: &mut Values,
    thread: &mut ThreadContext,
    frame: Frame<'_>,
    facts: &CodeFacts,
    line: u32,
) {
    if let Some(deeds) = facts.touches.of_line(line) {
        let touches = facts.touches.touches_of(deeds);
        if !touches.is_empty() {
            look(values, thread, frame, facts, (line, touches));
        }
    }
    if values.ids.any_stores_what_is_read() {
        read_from(values, thread, frame, facts, line);
    }
}

fn look(
    values: &mut Values,
    thread: &mut ThreadContext,
    frame: Frame<'_>,
    facts: &CodeFacts,
    (line, touches): (u32, &[Touch]),
) {
    let session = facts.session;
    for touch in touches {
        let object = match follow(facts, frame, touch.path) {
            Ok(object) => object,
            Err(Some(holder)) if matches!(holder.kind(), Kind::Instance | Kind::Other) => {
                // What it gives by running code is likely what it is made of.
                Walk::new(values, thread).describe(holder, Looks::Near);
                continue;
            }
            Err(_) => continue,
        };
        let kind = object.kind();
        if matches!(kind, Kind::Int | Kind::Str | Kind::None | Kind::Float) {
            continue;
        }
        let mut looks = Looks::Shallow;
        let mut is_told = false;
        let part = match touch.deed {
            Deed::Attr(name) => named(frame, name).and_then(|name| {
                is_told = Walk::new(values, thread).attribute_stored(object, name);
                attribute(object, name)
            }),
            Deed::Item(_) if sets_items_by_code_not_traced(object, kind, session) => {
                looks = Looks::Near;
                None
            }
            Deed::Item(Some(key)) => item_key(facts, frame, key).and_then(|item| {
                is_told = holds_still(facts, line, key)
                    && Walk::new(values, thread).item_stored(object, item);
                dict::item(object, item)
            }),
            Deed::Method(Method::Appends) if kind == Kind::List => {
                is_told = Walk::new(values, thread).appended(object);
                None
            }
            Deed::Method(Method::Reads) if is_container(object) => continue,
            Deed::Item(None) => None,
            Deed::Calls => {
                if function::code(object).is_some() {
                    continue;
                }
                match kind {
                    // Making an object leaves its class as it is, or runs code that does not.
                    Kind::Type => continue,
                    // What a partial function holds is passed on.
                    Kind::Other | Kind::Instance if is_made_of_members(object) => {
                        looks = Looks::Deep;
                    }
                    _ => {}
                }
                None
            }
            Deed::Method(_) => {
                if !can_change(kind) {
                    continue;
                }
                let callee = method(facts, object, kind, touch.callee);
                match is_traced(callee, session) {
                    // What a traced function does is recorded where it does it.
                    Some(true) => continue,
                    Some(false) => looks = Looks::Near,
                    None => {}
                }
                None
            }
            Deed::Passes => {
                let callee = touch
                    .callee
                    .and_then(|path| follow(facts, frame, path).ok());
                // Their methods keep what they are given, and change nothing of it.
                if is_container(object) && callee.is_some_and(is_container) {
                    continue;
                }
                match is_traced(callee, session) {
                    Some(true) => continue,
                    Some(false) => looks = Looks::Deep,
                    None => {}
                }
                None
            }
        };
        let whole = match function::bound_to(object) {
            same if same == object => (object, kind),
            bound => (bound, bound.kind()),
        };
        let whole = Some(whole).filter(|_| !is_told);
        let part = part.map(|part| (part, part.kind()));
        for (object, kind) in [whole, part].into_iter().flatten() {
            if !can_change(kind) {
                continue;
            }
            Walk::new(values, thread).describe(object, looks);
            if kind == Kind::Other {
                look_at_lenders(values, thread, object);
            }
        }
    }
}

/// Records what an object stored of itself because `line` read it.
#[inline(never)]
fn read_from(
    values: &mut Values,
    thread: &mut ThreadContext,
    frame: Frame<'_>,
    facts: &CodeFacts,
    line: u32,
) {
    for path in facts.touches.reads_of(line) {
        if let Ok(object) = follow(facts, frame, path)
            && values.ids.stores_what_is_read(object)
        {
            Walk::new(values, thread).describe(object, Looks::Shallow);
        }
    }
}

/// What is stored into a view or an array is stored into the memory of who lends it.
#[inline(never)]
fn look_at_lenders(values: &mut Values, thread: &mut ThreadContext, object: Obj<'_>) {
    for lender in buffers::lenders(object).filter(|lender| can_change(lender.kind())) {
        Walk::new(values, thread).describe(lender, Looks::Shallow);
    }
}

/// The method of an instance at the end of a path from it.
fn method<'a>(
    facts: &CodeFacts,
    object: Obj<'a>,
    kind: Kind,
    path: Option<u32>,
) -> Option<Obj<'a>> {
    if !matches!(kind, Kind::Instance | Kind::Other | Kind::Exception) {
        return None;
    }
    match facts.ways.get(path? as usize)?.steps.last()? {
        Reach::Attr(name) => attribute(object, function::kept(*name)?),
        _ => None,
    }
}

/// Whether a function that is not traced stores the items of an object.
fn sets_items_by_code_not_traced(object: Obj<'_>, kind: Kind, session: u32) -> bool {
    matches!(kind, Kind::Instance | Kind::Other)
        && is_traced(function::item_setter(object), session) == Some(false)
}

/// Whether what is called is a Python function that is traced; `None` for anything but a Python function.
fn is_traced(callee: Option<Obj<'_>>, session: u32) -> Option<bool> {
    let code = callee.and_then(function::code)?;
    Some(matches!(extra::lookup(code), Extra::Facts(facts) if facts.session == session))
}

#[inline(never)]
fn is_made_of_members(object: Obj<'_>) -> bool {
    structure::of(object).structure == Structure::Members
}

/// Whether the own state of objects of a kind can change in place.
fn can_change(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::List
            | Kind::Dict
            | Kind::Set
            | Kind::ByteArray
            | Kind::Instance
            | Kind::Other
            | Kind::Function
            | Kind::Type
            | Kind::Exception
    )
}

fn named<'a>(frame: Frame<'a>, name: u32) -> Option<Obj<'a>> {
    frame.code()?.names()?.tuple_item(name as usize)
}

/// Whether a key is, when its line has run, what it was when the item was stored.
fn holds_still(facts: &CodeFacts, line: u32, key: Key) -> bool {
    let Key::Name(name) = key else {
        return true;
    };
    let source = facts.source(name);
    let is_own = matches!(source, Source::Fast(_) | Source::Namespace(_));
    let mut bound = facts.names_of_line(line).iter();
    is_own && bound.all(|name| name.source != source)
}

/// Whether the object is of a built-in container type itself, whose methods are the interpreter's.
fn is_container(object: Obj<'_>) -> bool {
    matches!(
        object.kind(),
        Kind::List | Kind::Dict | Kind::Set | Kind::ByteArray
    )
}

fn item_key<'a>(facts: &CodeFacts, frame: Frame<'a>, key: Key) -> Option<Obj<'a>> {
    match key {
        Key::Name(name) => read(frame, facts.source(name)).ok().flatten(),
        Key::Const(n) => frame.code()?.constants()?.tuple_item(n as usize),
    }
}

/// What a name is bound to: that of a module or class body may be one of the globals.
#[inline(always)]
fn found<'a>(frame: Frame<'a>, source: Source) -> Option<Obj<'a>> {
    match (read(frame, source).ok()?, source) {
        (None, Source::Namespace(name)) => read(frame, Source::Global(name)).ok()?,
        (found, _) => found,
    }
}

/// The object at the end of a path, where that is found without running any code; else the last one found on the way.
fn follow<'a>(facts: &CodeFacts, frame: Frame<'a>, path: u32) -> Result<Obj<'a>, Option<Obj<'a>>> {
    let Way { root, steps } = facts.ways.get(path as usize).ok_or(None)?;
    let mut at = found(frame, *root).ok_or(None)?;
    for (n, step) in steps.iter().enumerate() {
        let next = match *step {
            Reach::Attr(name) => {
                let next = function::kept(name).and_then(|name| attribute(at, name));
                // A method of a container, bound to it.
                if next.is_none() && n + 1 == steps.len() {
                    return Ok(at);
                }
                next
            }
            Reach::ItemBy(source) => {
                let key = read(frame, source).ok().flatten();
                key.and_then(|key| dict::item(at, key))
            }
            Reach::ItemAt(key) => function::kept(key).and_then(|key| dict::item(at, key)),
        };
        at = next.ok_or(Some(at))?;
    }
    Ok(at)
}

fn attribute<'a>(of: Obj<'a>, name: Obj<'_>) -> Option<Obj<'a>> {
    match of.kind() {
        Kind::Module => threads::module_attribute(of, name),
        kind @ (Kind::Instance | Kind::Other | Kind::Exception | Kind::Function | Kind::Type) => {
            lookup::attribute(of, kind, name).or_else(|| function::method(of, name))
        }
        _ => None,
    }
}
