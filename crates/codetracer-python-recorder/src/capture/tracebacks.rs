//! Tracebacks as text. A text that was written is a definition, so that the next equal traceback costs no text.

use std::collections::HashMap;
use std::io::Write as _;

use super::describe;
use super::ids::Ids;
use super::scalar::mix;
use crate::hooks::suspended::AddressMap;
use crate::raw::exception::Traceback;
use crate::raw::extra::{Extra, lookup};
use crate::raw::object::Obj;
use crate::raw::sink::RowSink;

/// Entries of a traceback that are kept, from the outermost frame.
const ENTRIES: usize = 32;
/// Longest text, in bytes.
const TEXT_BYTES: usize = 4096;
/// Bytes of text that are kept as definitions; beyond them each traceback is text of its own.
const DEFINED_BYTES: usize = 1 << 20;

/// Ways through traced code whose text is found without making it.
const WAYS: usize = 4096;

/// A place in traced code: the id of the code in this session, the line.
type Place = (u32, u32);

/// Texts of tracebacks that are definitions.
#[derive(Default)]
pub struct Tracebacks {
    /// By a number made of the places, with the places.
    by_places: AddressMap<(Box<[Place]>, u32)>,
    by_text: HashMap<Box<[u8]>, u32>,
    bytes: usize,
    text: Vec<u8>,
    places: Vec<Place>,
}

impl Tracebacks {
    /// The id of the text of a traceback; `None`: it is no definition, and can be had by [`Tracebacks::text`].
    pub fn id(
        &mut self,
        first: Traceback<'_>,
        session: u32,
        ids: &mut Ids,
        sink: &mut RowSink,
    ) -> Option<u32> {
        let number = self.number(first, session);
        if let Some(number) = number
            && let Some((places, id)) = self.by_places.get(&number)
            && **places == *self.places
        {
            return Some(*id);
        }
        self.write_text(first);
        let id = match self.by_text.get(self.text.as_slice()) {
            Some(id) => *id,
            None if self.bytes + self.text.len() <= DEFINED_BYTES && sink.fits(self.text.len()) => {
                self.bytes += self.text.len();
                let text = String::from_utf8_lossy(&self.text).into_owned();
                let id = ids.define_name(text, sink);
                self.by_text.insert(self.text.as_slice().into(), id);
                id
            }
            None => return None,
        };
        if let Some(number) = number {
            if self.by_places.len() >= WAYS {
                self.by_places.clear();
            }
            let places = self.places.as_slice().into();
            self.by_places.insert(number, (places, id));
        }
        Some(id)
    }

    /// The text that was made last.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Collects the places; a number made of them, if all are in traced code.
    fn number(&mut self, first: Traceback<'_>, session: u32) -> Option<usize> {
        self.places.clear();
        let mut number = 0;
        for entry in entries(first) {
            let Extra::Facts(facts) = lookup(entry.code()?) else {
                return None;
            };
            if facts.session != session {
                return None;
            }
            let line = facts.analysis.line_at(entry.offset());
            number = mix(number, u64::from(facts.id) << 32 | u64::from(line));
            self.places.push((facts.id, line));
        }
        Some(number as usize)
    }

    /// `file:line function` per entry, outermost first.
    fn write_text(&mut self, first: Traceback<'_>) {
        let out = &mut self.text;
        out.clear();
        for entry in entries(first) {
            let Some(code) = entry.code() else { continue };
            let before = out.len();
            if before > 0 {
                out.push(b'\n');
            }
            let put = |text: Option<Obj<'_>>, out: &mut Vec<u8>| {
                if let Some(text) = text {
                    describe::push(text, usize::MAX, out);
                }
            };
            put(code.filename(), out);
            let _ = write!(out, ":{} ", entry.line());
            put(code.qualname(), out);
            if out.len() > TEXT_BYTES {
                out.truncate(before);
                break;
            }
        }
    }
}

/// Bits of a mark that are the number of entries.
const LENGTH: u32 = 16;

/// A number that differs where what is written of a traceback does; it is not 0.
pub fn mark(first: Traceback<'_>) -> u64 {
    marked(first, length(first))
}

/// Whether a traceback is the one of that mark, or that with entries of outer frames before it.
pub fn grew(first: Traceback<'_>, before: u64) -> bool {
    let known = before & ((1 << LENGTH) - 1);
    let Some(more) = length(first).checked_sub(known).filter(|_| known != 0) else {
        return false;
    };
    let rest = std::iter::successors(Some(first), |entry| entry.next()).nth(more as usize);
    rest.is_some_and(|rest| marked(rest, known) == before)
}

fn marked(first: Traceback<'_>, length: u64) -> u64 {
    let hash = entries(first).fold(0, |hash, entry| {
        let code = entry.code().map_or(0, |code| code.obj().address() as u64);
        mix(mix(hash, code), u64::from(entry.offset()))
    });
    hash << LENGTH | length
}

/// How many entries there are, as far as a mark says.
fn length(first: Traceback<'_>) -> u64 {
    let all = std::iter::successors(Some(first), |entry| entry.next());
    all.take((1 << LENGTH) - 1).count() as u64
}

fn entries(first: Traceback<'_>) -> impl Iterator<Item = Traceback<'_>> {
    std::iter::successors(Some(first), |entry| entry.next()).take(ENTRIES)
}
