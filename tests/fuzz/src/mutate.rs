//! Inputs out of inputs: the `n`-th of a seed is always the same.

/// A xorshift generator.
#[derive(Debug)]
pub struct Random(u64);

/// Numbers at the edges of what lengths, counts and signs can be.
const EDGES: [u64; 14] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x00ff_ffff,
    0x7fff_ffff,
    0xffff_ffff,
    0x1_0000_0000,
    i64::MAX as u64,
    i64::MAX as u64 + 1,
    u64::MAX,
];

impl Random {
    /// The generator of a seed.
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..4 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.next() >> 16) as usize) % n.max(1)
    }

    /// A part of `bytes`, mostly short.
    fn range(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        let most = (bytes.len() - start).min(1 << self.below(12));
        start..start + self.below(most + 1)
    }
}

/// A changed copy of one of `seeds`, at most `longest` bytes long.
pub fn mutated(seeds: &[Vec<u8>], random: &mut Random, longest: usize) -> Vec<u8> {
    let Some(first) = seeds.get(random.below(seeds.len())) else {
        return Vec::new();
    };
    let mut input = first.clone();
    for _ in 0..=random.below(6) {
        change(&mut input, seeds, random);
    }
    input.truncate(longest);
    input
}

fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len());
    match random.below(10) {
        0 | 1 if !input.is_empty() => input[at] ^= 1 << random.below(8),
        2 if !input.is_empty() => input[at] = random.next() as u8,
        3 if !input.is_empty() => {
            input[at] = input[at].wrapping_add_signed(random.next() as i8 >> 4)
        }
        4 => {
            let width = [1, 2, 4, 8][random.below(4)];
            let edge = EDGES[random.below(EDGES.len())].to_le_bytes();
            let to = input.len().min(at + width);
            input[at.min(to)..to].copy_from_slice(&edge[..to - at.min(to)]);
        }
        5 => {
            // A number of variable length, as blocks have them.
            let mut edge = EDGES[random.below(EDGES.len())];
            let mut bytes = Vec::new();
            while edge >= 0x80 {
                bytes.push(edge as u8 | 0x80);
                edge >>= 7;
            }
            bytes.push(edge as u8);
            let to = input.len().min(at + random.below(3));
            input.splice(at.min(to)..to, bytes);
        }
        6 => drop(input.drain(random.range(input))),
        7 => {
            let again = input[random.range(input)].to_vec();
            input.splice(at..at, again);
        }
        8 => {
            let other = &seeds[random.below(seeds.len())];
            let part = other[random.range(other)].to_vec();
            let to = input.len().min(at + random.below(part.len() + 1));
            input.splice(at.min(to)..to, part);
        }
        _ => input.truncate(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_differ_and_come_again() {
        let seeds = [b"a block of some bytes".to_vec(), Vec::new()];
        let make = |seed| mutated(&seeds, &mut Random::new(seed), 30);
        let made: std::collections::HashSet<_> = (0..500).map(make).collect();
        assert!(made.len() > 300, "{}", made.len());
        assert!((0..500).all(|seed| make(seed) == make(seed) && make(seed).len() <= 30));
    }
}
