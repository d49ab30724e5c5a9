//! Where everything random comes from: one number, so that every component can be made again.

use rand::{Rng as _, RngCore as _, SeedableRng as _, rngs::StdRng};

pub(super) struct Chance(StdRng);

impl Chance {
    /// What the component of this number is made from.
    pub(super) fn of(seed: u64, number: u64) -> Self {
        Self(StdRng::seed_from_u64(seed.rotate_left(32) ^ number))
    }

    /// A number from 0 to below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end.max(1))
    }

    pub(super) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub(super) fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}
