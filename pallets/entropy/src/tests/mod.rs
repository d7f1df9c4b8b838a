//! Tests of the pallet, by subject.

mod folding;
mod limits;
mod seeds;
