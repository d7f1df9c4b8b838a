//! Parts of the end-to-end harness of `clients/cairn`, compiled into this one: processes, waits,
//! set-up by extrinsics, devices, a development node, a gateway, and the books of what was attested.

#![allow(dead_code, reason = "the network tests use a part of the end-to-end harness")]

#[path = "../../clients/cairn/tests/support/books.rs"]
pub(crate) mod books;
#[path = "../../clients/cairn/tests/support/chain.rs"]
pub(crate) mod chain;
#[path = "../../clients/cairn/tests/support/device.rs"]
pub(crate) mod device;
#[path = "../../clients/cairn/tests/support/gateway.rs"]
pub(crate) mod gateway;
#[path = "../../clients/cairn/tests/support/node.rs"]
pub(crate) mod node;
#[path = "../../clients/cairn/tests/support/process.rs"]
pub mod process;
#[path = "../../clients/cairn/tests/support/wait.rs"]
pub(crate) mod wait;
