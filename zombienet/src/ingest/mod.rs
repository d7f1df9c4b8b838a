//! A gateway under load: what devices send to it, and what sending it comes to.
//!
//! - [`site`]: the programs: a development node, a gateway, a broker of MQTT.
//! - [`fleet`]: devices, registered in batches and assigned to the gateway.
//! - [`plan`]: which readings a request has, and when they are dated.
//! - [`http`], [`mqtt`]: requests and packets as bytes, and what answers say.
//! - [`tap`]: what a gateway acknowledges to its broker, and when.
//! - [`figures`]: rates, waits, shares of the processors.

pub mod figures;
pub mod fleet;
pub mod http;
pub mod mqtt;
pub mod plan;
pub mod site;
pub mod tap;
