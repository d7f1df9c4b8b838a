//! Sparkplug B (version 3.0.0): MQTT messages of edge nodes and of devices behind them.
//!
//! A node's messages make sense in order only: a birth gives its metrics' names, types and aliases,
//! and every message counts up. A [`Session`] keeps what the births said; where a message is
//! missing it refuses data until the next birth, for which [`rebirth`] asks.

mod payload;
mod session;
mod topic;
mod value;

pub use payload::{Metric, MetricValue, Payload, PropertySet, PropertyValue, rebirth};
pub use session::Session;
pub use topic::{Kind, NAMESPACE, Topic};
