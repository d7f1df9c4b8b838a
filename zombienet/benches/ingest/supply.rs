//! Readings, signed before they are sent, and the requests that bring them.

use std::{ops::Range, sync::Arc};

use cairn_network_tests::{
	ingest::{
		fleet::Fleet,
		plan::{self, Calendar, Order},
		tap::Key,
	},
	processors::in_parallel,
};
use cairn_types::DeviceId;
use codec::Encode;
use tokio::task::spawn_blocking;

/// A request or message, ready to be sent.
pub(crate) struct Request {
	/// Device and sequence of its first reading.
	pub(crate) key: Key,
	pub(crate) readings: u32,
	pub(crate) bytes: Vec<u8>,
}

/// What is to be signed.
#[derive(Clone)]
pub(crate) struct Supply {
	pub(crate) fleet: Arc<Fleet>,
	/// Devices that send.
	pub(crate) devices: usize,
	pub(crate) order: Order,
	/// Readings of a request.
	pub(crate) size: usize,
	pub(crate) connections: usize,
	/// Requests of each connection.
	pub(crate) requests: usize,
	pub(crate) calendar: Calendar,
}

impl Supply {
	/// Sign, on all processors: what each connection sends, in order. `make` gets the device and the
	/// number of a request, and SCALE of its readings.
	pub(crate) async fn sign(
		&self,
		make: impl Fn(DeviceId, usize, &[u8]) -> Vec<u8> + Send + Sync + 'static,
	) -> Vec<Vec<Request>> {
		let supply = self.clone();
		let signed = spawn_blocking(move || {
			let shares = plan::shares(supply.devices, supply.connections);
			in_parallel(&shares, |share| supply.lane(share, &make))
		});
		signed.await.expect("readings can be signed")
	}

	fn lane(
		&self,
		devices: &Range<usize>,
		make: &impl Fn(DeviceId, usize, &[u8]) -> Vec<u8>,
	) -> Vec<Request> {
		let requests = (0..self.requests).map(|number| {
			let readings = self.order.request(number, self.size, devices.len());
			let signed = readings.into_iter().map(|(device, index)| {
				let time = self.calendar.moment(index);
				self.fleet.sign(devices.start + device, time, [0; 32])
			});
			let signed = signed.collect::<Vec<_>>();
			let first = &signed[0].reading;
			let key = (first.device, first.sequence);
			let readings = u32::try_from(signed.len()).expect("few readings");
			Request { key, readings, bytes: make(key.0, number, &signed.encode()) }
		});
		requests.collect()
	}

	/// The calendar for what is sent next.
	pub(crate) fn following(&self) -> Calendar {
		let fewest = self.devices / self.connections;
		self.calendar.after(self.order.most(self.requests, self.size, fewest.max(1)))
	}
}
