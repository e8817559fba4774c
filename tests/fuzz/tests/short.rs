//! A short run of each target, and everything that once was trouble.

use recorder_fuzz::{TARGETS, mutate};

#[test]
fn what_once_was_trouble_is_none() {
    for target in TARGETS {
        for (name, input) in target.regressions() {
            println!("{} {name}", target.name);
            target.check(&input);
        }
    }
}

#[test]
fn targets_take_their_seeds_and_what_is_made_of_them() {
    for target in TARGETS {
        let seeds = target.seeds();
        assert!(!seeds.is_empty(), "{}", target.name);
        for (number, seed) in seeds.iter().enumerate() {
            println!("{} seed {number}", target.name);
            target.check(seed);
        }
        for number in 0..500 {
            println!("{} input {number}", target.name);
            let mut random = mutate::Random::new(number);
            target.check(&mutate::mutated(&seeds, &mut random, 16 * 1024));
        }
    }
}
