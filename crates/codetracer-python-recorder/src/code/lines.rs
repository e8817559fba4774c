//! The place in the source of each instruction, from the location table of a code object.
//!
//! Format: CPython `Objects/locations.md` (3.11 and later).

impl Location {
    /// A location that is known by its line alone.
    #[cfg(test)]
    pub fn of_line(line: u32) -> Self {
        Self {
            line,
            ..Self::default()
        }
    }
}

/// Where the code of an instruction stands in the source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Location {
    /// First line; 0 where there is none.
    pub line: u32,
    /// Lines that it goes on for, and its columns, as the table has them: equal for the same piece of source.
    span: [i64; 3],
}

/// Location of each code unit.
pub fn locations(table: &[u8], first_line: u32, units: usize) -> Vec<Location> {
    let mut out = Vec::with_capacity(units);
    let mut line = i64::from(first_line);
    let mut i = 0;
    while i < table.len() && out.len() < units {
        let head = table[i];
        i += 1;
        let length = usize::from(head & 7) + 1;
        let kind = (head >> 3) & 15;
        let mut span = [0, -1, -1];
        let byte = |i: usize| table.get(i).copied().map_or(0, i64::from);
        match kind {
            15 => {}
            14 => {
                line += signed_varint(table, &mut i);
                span = [0; 3].map(|_: i64| varint(table, &mut i) as i64);
            }
            13 => line += signed_varint(table, &mut i),
            10..=12 => {
                line += i64::from(kind) - 10;
                // The long form counts columns from 1, with 0 for none.
                span = [0, byte(i) + 1, byte(i + 1) + 1];
                i += 2;
            }
            _ => {
                let start = i64::from(kind) << 3 | byte(i) >> 4;
                span = [0, start + 1, start + (byte(i) & 15) + 1];
                i += 1;
            }
        }
        let here = match (kind, u32::try_from(line)) {
            (15, _) | (_, Err(_)) => Location::default(),
            (_, Ok(line)) => Location { line, span },
        };
        out.extend(std::iter::repeat_n(here, length.min(units - out.len())));
    }
    out.resize(units, Location::default());
    out
}

fn varint(table: &[u8], i: &mut usize) -> u64 {
    let mut value = 0u64;
    let mut shift = 0;
    while let Some(byte) = table.get(*i) {
        *i += 1;
        value |= u64::from(byte & 63) << shift.min(58);
        shift += 6;
        if byte & 64 == 0 {
            break;
        }
    }
    value
}

fn signed_varint(table: &[u8], i: &mut usize) -> i64 {
    let v = varint(table, i);
    if v & 1 != 0 {
        -((v >> 1) as i64)
    } else {
        (v >> 1) as i64
    }
}
