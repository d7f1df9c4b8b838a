//! What the calls do, by subject.

mod collect;
mod gateways;
mod queries;
pub(crate) mod seal;
mod sessions;
mod slots;
pub(crate) mod sweep;
pub(crate) mod verdicts;
