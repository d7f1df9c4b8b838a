//! One file per call, one for what other pallets ask, one for what holds over any sequence of
//! calls.

mod deprecate;
mod properties;
mod publish;
mod registry;
