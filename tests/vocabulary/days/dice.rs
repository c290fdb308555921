//! Knuth's generator, which gives the same days on every machine.

pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        // Otherwise neighbouring seeds would roll alike.
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        dice.roll(1);
        dice
    }

    /// Returns a number from 0 to `below`, exclusive.
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    pub fn one_in(&mut self, of: u64) -> bool {
        self.roll(of) == 0
    }

    /// Returns a random number from 0 to 1, for an engine.
    pub fn jitter(&mut self) -> f64 {
        self.roll(1_000_001) as f64 / 1_000_000.0
    }
}
