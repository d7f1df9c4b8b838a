//! What the calls do, by subject.

mod collect;
mod gateways;
mod queries;
mod seal;
mod sessions;
mod slots;
pub(crate) mod verdicts;
