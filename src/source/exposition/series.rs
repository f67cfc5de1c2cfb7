//! Which series a page has had already. The same labels in another order are the same series.

use std::{
    collections::{HashMap, HashSet, hash_map::RandomState},
    hash::{BuildHasher, BuildHasherDefault, Hasher},
};

use super::{Label, Text};

/// The series of one page, by a keyed hash of name and labels. The key is random, so that no page can be made whose series collide.
pub(super) struct Seen {
    seed: u64,
    first: HashMap<u64, usize, BuildHasherDefault<AsIs>>,
}

impl Seen {
    pub(super) fn with_capacity(series: usize) -> Self {
        let first = HashMap::with_capacity_and_hasher(series, BuildHasherDefault::default());
        Self { seed: RandomState::new().hash_one(0) | 1, first }
    }

    /// Remembers a series and the place of its sample; returns the place of an earlier one with the same hash.
    pub(super) fn insert(&mut self, name: Text<'_>, labels: &[Label<'_>], place: usize) -> Option<usize> {
        // Labels are added up, so that their order does not matter.
        let mut identity = if name.is_escaped() { hash(&name.bytes(), self.seed) } else { hash(name.raw(), self.seed) };
        for label in labels {
            identity = identity.wrapping_add(match label.plain() {
                Some(plain) => hash(plain, self.seed),
                None => hash(&label.usual(), self.seed),
            });
        }
        self.first.insert(identity, place)
    }
}

/// A keyed hash: eight bytes at a time, the last eight overlapping those before.
fn hash(bytes: &[u8], seed: u64) -> u64 {
    let (words, tail) = bytes.as_chunks::<8>();
    let start = seed.wrapping_add(bytes.len() as u64);
    let sum = words.iter().fold(start, |sum, word| mix(sum ^ u64::from_le_bytes(*word), SECRET));
    let last = match bytes.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last),
        None => tail.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    mix(sum ^ last, SECRET ^ seed)
}

/// Any odd number with as many ones as zeros.
const SECRET: u64 = 0x9e37_79b9_7f4a_7c15;

/// Both halves of the product, folded: each bit of the result depends on all bits of both factors.
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
    let low = product as u64;
    low ^ (product >> 64) as u64
}

/// What is hashed already is not hashed again.
#[derive(Default)]
pub(super) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |sum, byte| sum << 8 | u64::from(*byte));
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}

/// A label name that occurs twice, found in time that grows with the number of labels.
#[inline]
pub(super) fn repeated<'p>(labels: &[Label<'p>]) -> Option<Text<'p>> {
    let looks = labels.iter().fold(0_u64, |seen, label| seen | 1 << (looks(label.name) & 63));
    if looks.count_ones() as usize == labels.len() { None } else { repeated_by_name(labels) }
}

fn repeated_by_name<'p>(labels: &[Label<'p>]) -> Option<Text<'p>> {
    let mut names = HashSet::with_capacity(labels.len());
    labels.iter().map(|label| label.name).find(|name| !names.insert(name.bytes()))
}

/// A number that is equal for equal names, and cheap. Few labels nearly always differ in it already.
const fn looks(name: Text<'_>) -> usize {
    match name.raw() {
        [first, .., last] if !name.is_escaped() => name.raw().len() + 5 * *first as usize + 23 * *last as usize,
        _ => 0,
    }
}
