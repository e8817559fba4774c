//! Object ids: small numbers for addresses, given in the order of first sight.
//!
//! Owns the table from address to id, of bounded size. Refuses to promise more than it can: an address that is
//! forgotten, or seen with another type, is a new object.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Addresses kept per generation.
const GENERATION: usize = 64 * 1024;

/// Spreads addresses, which are multiples of 16, over the table.
#[derive(Debug, Default, Clone)]
pub(crate) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, n: u64) {
        let mixed = (n ^ (n >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 29);
    }
}

type Table = HashMap<u64, (u64, u32), BuildHasherDefault<AddressHasher>>;

/// The table: two generations, of which the older is dropped as a whole when the younger is full.
#[derive(Debug)]
pub(crate) struct ObjectIds {
    young: Table,
    old: Table,
    next: u64,
}

impl ObjectIds {
    /// An empty table whose first id is `first`.
    pub fn new(first: u64) -> Self {
        Self {
            young: Table::default(),
            old: Table::default(),
            next: first,
        }
    }

    /// The id of the object at `address`, which is of this type.
    #[inline]
    pub fn id(&mut self, address: u64, type_id: u32) -> u64 {
        match self.young.get(&address) {
            Some((id, known)) if *known == type_id => *id,
            _ => self.promote(address, type_id),
        }
    }

    fn promote(&mut self, address: u64, type_id: u32) -> u64 {
        let id = match self.old.get(&address) {
            Some((id, known)) if *known == type_id && !self.young.contains_key(&address) => *id,
            _ => {
                self.next += 1;
                self.next - 1
            }
        };
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(address, (id, type_id));
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_id_while_its_type_stays() {
        let mut ids = ObjectIds::new(1);
        assert_eq!(
            [ids.id(16, 7), ids.id(32, 7), ids.id(16, 7), ids.id(16, 8)],
            [1, 2, 1, 3]
        );
        assert_eq!(ids.id(16, 8), 3);
    }

    #[test]
    fn the_table_stays_bounded_and_remembers_what_is_in_use() {
        let mut ids = ObjectIds::new(0);
        let kept = ids.id(8, 1);
        for n in 0..10 * GENERATION as u64 {
            ids.id(1000 + n * 16, 1);
            assert_eq!(ids.id(8, 1), kept);
        }
        assert!(ids.young.len() + ids.old.len() <= 2 * GENERATION);
    }
}
