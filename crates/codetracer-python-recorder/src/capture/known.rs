//! What was last written of objects, so that only what differs is written again.

use trace_model::value::Form;

/// How the parts of an object are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// A list's items.
    List,
    /// A tuple's items.
    Tuple,
    /// A dict's entries.
    Dict,
    /// A set's elements.
    Set,
    /// The attributes of a plain instance.
    Attributes,
    /// Those of an enum's member, but for its place in it.
    Member,
    /// Those of an enum's member that is a number or text, which stays what it is.
    ScalarMember,
    /// Slots, then attributes.
    Slots,
    /// Name and defaults of a function, then its attributes.
    Function,
    /// A class is as its version says.
    Class,
    /// By making its shape.
    #[default]
    Shape,
}

/// What was last written of one object.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Its address.
    pub address: usize,
    /// Address of its type.
    pub kind: usize,
    /// How its parts are found.
    pub way: Way,
    /// Segment it was written to; it counts in no other one.
    pub segment: u64,
    /// Step at which it was last looked at.
    pub looked: u64,
    /// True length.
    pub len: usize,
    /// Of a class, a number that changes when it does; 0 where there is none.
    pub class: u64,
    /// How many of its parts stand before attributes that it has beside items or entries.
    pub own: usize,
    /// A number for each part that was written; those of different parts differ.
    pub marks: Vec<u64>,
}

/// Entries kept; an object whose place is taken is written whole again.
const ENTRIES: usize = 8192;

/// Objects described lately, by address.
pub struct Known(Box<[Entry]>);

impl Default for Known {
    fn default() -> Self {
        Self(vec![Entry::default(); ENTRIES].into_boxed_slice())
    }
}

impl Entry {
    /// Whether it is of the object at this address, of this type, and written to this segment.
    #[inline(always)]
    pub fn is(&self, address: usize, kind: usize, segment: u64) -> bool {
        self.address == address && self.kind == kind && self.segment == segment
    }
}

impl Known {
    /// The place of the object at an address, which may hold another one.
    #[inline(always)]
    pub fn slot(&mut self, address: usize) -> &mut Entry {
        let i = (address as u64 >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 51;
        &mut self.0[i as usize % ENTRIES]
    }
}

/// How the parts of an object differ from what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Not at all.
    None,
    /// Items `at..at + removed` are now `at..at + count`.
    Splice {
        /// Index of the first item.
        at: usize,
        /// Items before.
        removed: usize,
        /// Items now.
        count: usize,
    },
    /// The pairs at these indices have another value, or are new at the end.
    Pairs {
        /// The first pair, counted in pairs.
        first: usize,
        /// Pairs to write, counted in pairs from `first`; those between that are the same are written again.
        count: usize,
    },
    /// So much that the whole is written.
    Whole,
}

/// Compares the parts of an object, and how many of them stand before attributes, with those that were written. Where
/// the attributes beside items or entries differ, or attributes are followed by what says that more are missing, the whole does.
#[inline]
pub fn difference_beside(form: Form, before: (&[u64], usize), now: (&[u64], usize)) -> Difference {
    if before.1 == before.0.len() && now.1 == now.0.len() {
        return difference(form, before.0, now.0);
    }
    match (
        before.0.split_at_checked(before.1),
        now.0.split_at_checked(now.1),
    ) {
        (Some((old, beside)), Some((new, still)))
            if beside == still && (form != Form::Attrs || beside.is_empty()) =>
        {
            difference(form, old, new)
        }
        _ => Difference::Whole,
    }
}

/// Compares parts with those that were written.
#[inline]
fn difference(form: Form, before: &[u64], now: &[u64]) -> Difference {
    if matches!(form, Form::Opaque | Form::Content) {
        // One content is written whole, also where only its true length is another.
        return Difference::Whole;
    }
    if before == now {
        return Difference::None;
    }
    let same = before.iter().zip(now).take_while(|(a, b)| a == b).count();
    match form {
        Form::Items => {
            let shorter = before.len().min(now.len());
            let after = before
                .iter()
                .rev()
                .zip(now.iter().rev())
                .take(shorter - same)
                .take_while(|(a, b)| a == b)
                .count();
            let (removed, count) = (before.len() - same - after, now.len() - same - after);
            if count * 2 > now.len() && count > 4 {
                return Difference::Whole;
            }
            Difference::Splice {
                at: same,
                removed,
                count,
            }
        }
        Form::Entries | Form::Attrs => {
            if now.len() < before.len() {
                return Difference::Whole;
            }
            let first = same / 2;
            let mut last = first;
            for (n, (old, new)) in before.chunks(2).zip(now.chunks(2)).enumerate().skip(first) {
                if old[0] != new[0] {
                    return Difference::Whole;
                }
                if old != new {
                    last = n;
                }
            }
            if now.len() > before.len() {
                last = now.len() / 2 - 1;
            }
            let count = last + 1 - first;
            if count * 4 > now.len() && count > 4 {
                return Difference::Whole;
            }
            Difference::Pairs { first, count }
        }
        Form::Opaque | Form::Content => Difference::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splice(at: usize, removed: usize, count: usize) -> Difference {
        Difference::Splice { at, removed, count }
    }

    #[test]
    fn items_differ_by_the_shortest_splice() {
        let of = |before: &[u64], now: &[u64]| difference(Form::Items, before, now);
        assert_eq!(of(&[1, 2], &[1, 2]), Difference::None);
        assert_eq!(of(&[1, 2], &[1, 2, 3]), splice(2, 0, 1));
        assert_eq!(of(&[1, 2, 3], &[1, 2]), splice(2, 1, 0));
        assert_eq!(of(&[1, 2, 3], &[2, 3]), splice(0, 1, 0));
        assert_eq!(of(&[2, 3], &[1, 2, 3]), splice(0, 0, 1));
        assert_eq!(of(&[1, 2, 3], &[1, 9, 3]), splice(1, 1, 1));
        assert_eq!(of(&[1, 1], &[1]), splice(1, 1, 0));
        assert_eq!(of(&[], &[7]), splice(0, 0, 1));
        assert_eq!(
            of(&[1, 2, 3, 4, 5, 6], &[6, 5, 4, 3, 2, 1]),
            Difference::Whole
        );
    }

    #[test]
    fn a_content_whose_parts_are_as_they_were_is_written_whole() {
        let of = |form| difference_beside(form, (&[1], 1), (&[1], 1));
        assert_eq!(of(Form::Content), Difference::Whole);
        assert_eq!(of(Form::Opaque), Difference::Whole);
        assert_eq!(of(Form::Items), Difference::None);
    }

    #[test]
    fn attributes_beside_items_are_written_with_the_whole() {
        let of = |before, now| difference_beside(Form::Items, before, now);
        assert_eq!(of((&[1, 8, 9], 1), (&[1, 2, 8, 9], 2)), splice(1, 0, 1));
        assert_eq!(of((&[1, 8, 9], 1), (&[1, 8, 7], 1)), Difference::Whole);
        assert_eq!(of((&[1], 1), (&[1, 8, 9], 1)), Difference::Whole);
        assert_eq!(of((&[1, 2], 3), (&[1, 2], 2)), Difference::Whole);
        let attrs = difference_beside(Form::Attrs, (&[1, 2, 8, 9], 2), (&[1, 3, 8, 9], 2));
        assert_eq!(attrs, Difference::Whole);
    }

    #[test]
    fn pairs_differ_by_their_values_or_at_the_end() {
        let of = |before: &[u64], now: &[u64]| difference(Form::Entries, before, now);
        let pairs = |first, count| Difference::Pairs { first, count };
        assert_eq!(of(&[1, 10, 2, 20], &[1, 10, 2, 21]), pairs(1, 1));
        assert_eq!(of(&[1, 10, 2, 20], &[1, 11, 2, 20]), pairs(0, 1));
        assert_eq!(of(&[1, 10], &[1, 10, 2, 20]), pairs(1, 1));
        // A key that is gone, or that another stands for.
        assert_eq!(of(&[1, 10, 2, 20], &[1, 10]), Difference::Whole);
        assert_eq!(of(&[1, 10, 2, 20], &[1, 10, 3, 20]), Difference::Whole);
    }
}
