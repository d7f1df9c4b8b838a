//! Weights of the pallets that ship none for a configurable database.
//!
//! Upstream's babe and grandpa have weights for RocksDB only, under the unit type; those of
//! `pallet-parameters` are private. `pallet-offences` 48 has no weights to set: what a report costs
//! is part of the babe and grandpa calls. Every other pallet uses its own `SubstrateWeight` until
//! benchmarks of this runtime replace it.

pub mod babe;
mod equivocation;
pub mod grandpa;
pub mod parameters;
