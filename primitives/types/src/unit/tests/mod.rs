//! The registry is frozen, and conversions are exact.

mod conversion;
mod decimal;
mod registry;
mod script;
