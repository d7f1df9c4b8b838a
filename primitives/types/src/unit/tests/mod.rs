//! The registry is frozen, and conversions are exact.

mod book;
mod conversion;
mod decimal;
mod registry;
mod script;
