//! Tests of the pallet, by subject.

mod cycles;
mod machine;
mod pruning;
mod set_rules;
mod ticks;
mod windows;
