//! One file per call, one for what other pallets ask, one for what holds over any sequence of
//! calls.

use cairn_types::NetworkId;

use crate::{NetworkRecordOf, Networks, mock::Test};

mod accept;
mod close;
mod configure;
mod create;
mod pause;
mod properties;
mod reap;
mod registry;
mod resume;
mod transfer;

/// An id that no network has.
const NOBODY: NetworkId = NetworkId(99);

fn record(id: NetworkId) -> NetworkRecordOf<Test> {
	Networks::<Test>::get(id).expect("the network exists")
}
