//! A snapshot that tests of screen and events begin with.

use super::{
	Snapshot,
	snapshot::{Served, Watched},
};
use crate::owner::{
	batch::tests::{batch, clock},
	earnings::{Claimable, SlotEarning},
	format::UNIT,
};
use cairn_chain::{
	BlockId, CycleView,
	views::{BatchStage, DeviceView, GatewayView},
};
use cairn_economics::Open;
use cairn_telemetry::{Account, AccountV1, Claim, Proof};
use cairn_types::{
	Activity, Dated, DeviceId, DeviceKey, GatewayId, NetworkId, SchemaId, Window,
	view::{Assignment, DeviceState},
};
use sp_core::ed25519;

use crate::protocol::DeviceReport;

/// What a claim pays.
pub(crate) const EARNED: u128 = 3 * UNIT;

fn device() -> DeviceView {
	let key = DeviceKey::Ed25519(ed25519::Public::from_raw([1; 32]));
	let place = Assignment { gateway: GatewayId(3), slot: 4 };
	let state = DeviceState {
		network: NetworkId(2),
		maker: None,
		key: Dated::new(key, 10, 18),
		assignment: Some(Dated::new(place, 10, 18)),
		activity: Activity::open(10, Window::MAX),
		expires: Window::MAX,
	};
	DeviceView {
		device: DeviceId(7),
		owner: [9; 32],
		stage: b"Active".to_vec(),
		state,
		serial: None,
		root: None,
		changed: 0,
		inherited: false,
		recovery: None,
		location: None,
	}
}

fn gateway() -> GatewayView {
	GatewayView {
		gateway: GatewayId(3),
		operator: [5; 32],
		network: NetworkId(2),
		endpoint: b"http://127.0.0.1:9977".to_vec(),
		retired: false,
		sealed: None,
		attested: None,
		attempt: 0,
		next_window: 0,
		slots: 5,
		assigned: 1,
		record: [0; 4],
		accrued: 0,
		paid: 0,
	}
}

fn earning() -> SlotEarning {
	let account = Account::V1(AccountV1 {
		device: DeviceId(7),
		schema: SchemaId(0),
		sequence: 9,
		time: 9,
		open: Default::default(),
		settled: 0,
		totals: Default::default(),
	});
	let claim = Claim {
		gateway: GatewayId(3),
		window: 16,
		slot: 4,
		account,
		data: [0; 32],
		proof: Proof::default(),
	};
	SlotEarning {
		gateway: GatewayId(3),
		slot: 4,
		device: DeviceId(7),
		payee: [9; 32],
		until: Window::MAX,
		paid: 5 * UNIT,
		unvested: 0,
		claimable: Claimable::With { claim: Box::new(claim), earned: EARNED, released: EARNED },
		open: vec![Open { cycle: 6, units: 500 }],
	}
}

/// A device that has earned something, at a tick; one batch is attested and matures at tick 28.
pub(crate) fn snapshot(tick: u32) -> Snapshot {
	let report = DeviceReport {
		device: DeviceId(7),
		place: None,
		last: None,
		last_window: Some(tick),
		readings_in_window: 3,
		accepted: 40,
		rejected: Vec::new(),
		left_out: Vec::new(),
		pending: Vec::new(),
		account: None,
	};
	let attested = batch(BatchStage::Attested { matures: 28 }, [4, 0, 0], Vec::new());
	Snapshot {
		best: BlockId { number: 100, hash: [0xab; 32] },
		finalized: BlockId { number: 98, hash: [0xcd; 32] },
		clock: clock(tick),
		cycle: Some(CycleView {
			emission: 20 * UNIT,
			parts: [0; 3],
			bootstrap: 10 * UNIT,
			weights: 1,
			vesting: 1,
		}),
		gateways: vec![Served { view: gateway(), batches: vec![attested] }],
		device: Some(Watched { view: device(), report: Some(report), earning: Some(earning()) }),
	}
}
