//! The line of each instruction, from the location table of a code object.
//!
//! Format: CPython `Objects/locations.md` (3.11 and later).

/// Line of each code unit; 0 where an instruction has none.
pub fn lines_per_unit(table: &[u8], first_line: u32, units: usize) -> Vec<u32> {
    let mut out = Vec::with_capacity(units);
    let mut line = i64::from(first_line);
    let mut i = 0;
    while i < table.len() && out.len() < units {
        let head = table[i];
        i += 1;
        let length = usize::from(head & 7) + 1;
        let kind = (head >> 3) & 15;
        let mut known = true;
        match kind {
            15 => known = false,
            14 => {
                line += signed_varint(table, &mut i);
                for _ in 0..3 {
                    varint(table, &mut i);
                }
            }
            13 => line += signed_varint(table, &mut i),
            10..=12 => {
                line += i64::from(kind) - 10;
                i += 2;
            }
            _ => i += 1,
        }
        let this = if known {
            u32::try_from(line).unwrap_or(0)
        } else {
            0
        };
        for _ in 0..length {
            if out.len() < units {
                out.push(this);
            }
        }
    }
    out.resize(units, 0);
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
