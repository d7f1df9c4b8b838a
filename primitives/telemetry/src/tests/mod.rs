//! Golden vectors, properties of trees and steps, and every way in which a batch or its source can
//! be wrong.

mod batches;
mod claim;
mod codes;
mod committee;
mod earning;
mod faults;
mod script;
mod sources;
mod step;
mod store;
mod tree;
mod vectors;
mod world;
