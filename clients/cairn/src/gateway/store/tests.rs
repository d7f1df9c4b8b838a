use std::{
	collections::{BTreeMap, BTreeSet},
	ops::ControlFlow,
};

use cairn_telemetry::{
	Account, AccountV1, Data, DataV1, Fault, HeaderV1, Leaf, Reading, Sums,
	offchain::Part,
	partial::{LedgerReader, size_limit},
	store::{self as tree, MemoryStore},
	tree::empty_root,
};
use cairn_types::{DeviceSignature, NetworkId, Periods, SchemaId, Slot, schema::Values};
use proptest::prelude::*;
use sp_core::{ecdsa, ed25519};

use super::*;
use crate::gateway::{
	refusal::Refusal,
	shares::{Basis, Left, Shares},
};

const IDENTITY: Identity = Identity { genesis: [1; 32], gateway: GatewayId(2) };
const LIMITS: Limits = Limits { readings: 1_000, bytes: 1_000_000 };
/// Nothing is old enough to be forgotten.
const KEEP: Keep = Keep { from: 0, readings: u64::MAX };

fn store() -> (tempfile::TempDir, Store) {
	let directory = tempfile::tempdir().expect("a temporary directory");
	let store = Store::open(directory.path(), IDENTITY, Cache::SMALL).expect("a new store");
	(directory, store)
}

fn signed(device: u64, sequence: u64, time: u64) -> SignedReading {
	let reading = Reading {
		network: NetworkId(1),
		schema: SchemaId(1),
		device: DeviceId(device),
		sequence,
		anchor: [0; 32],
		time,
		values: Default::default(),
	};
	let signature = DeviceSignature::Ed25519(ed25519::Signature::from_raw([0; 64]));
	SignedReading { reading, signature }
}

/// Windows are 1,000 ms long.
fn incoming(device: u64, sequence: u64, time: u64) -> Incoming {
	Incoming {
		window: u32::try_from(time / 1_000).expect("a small time"),
		signed: signed(device, sequence, time),
		key: DeviceKey::Ed25519(ed25519::Public::from_raw([0; 32])),
	}
}

fn take(store: &Store, readings: Vec<Incoming>) -> Vec<Result<Taken, Refusal>> {
	let results = store.ingest(vec![readings], LIMITS, &mut Shares::default());
	results.expect("the store works").remove(0)
}

fn leaf(slot: Slot, sequence: u64) -> Leaf {
	Leaf {
		account: Account::V1(AccountV1 {
			device: DeviceId(u64::from(slot) + 1_000),
			schema: SchemaId(1),
			sequence,
			time: sequence,
			open: Default::default(),
			settled: 0,
			totals: Default::default(),
		}),
		data: Data::V1(DataV1::default()),
	}
}

/// Seal `slots` in `window` on top of `version`; sequence numbers make leaves differ.
fn seal(
	store: &Store,
	version: Option<Window>,
	window: Window,
	attempt: u32,
	slots: &[(Slot, u64)],
) -> Hash32 {
	let mut view = store.ledger(version).expect("a ledger");
	let previous_root = view.root().expect("a root");
	let leaves = slots.iter().map(|(slot, sequence)| (*slot, leaf(*slot, *sequence)));
	let leaves = leaves.collect::<BTreeMap<_, _>>().into_iter().collect::<Vec<_>>();
	let touched = leaves.iter().map(|(slot, _)| *slot).collect::<Vec<_>>();
	let pieces = view.pieces(&touched).expect("pieces");
	let hashes = leaves.iter().map(|(slot, leaf)| (*slot, leaf.hash(*slot)));
	let ledger_root = tree::update(&mut view, hashes).expect("an update");
	let header = HeaderV1 {
		attempt,
		previous_root,
		ledger_root,
		transition_root: [0; 32],
		sums: Sums::default(),
		payload_root: [0; 32],
		payload_size: 1,
		rules: 1,
	};
	let sealed = SealedWindow {
		window,
		header,
		payload: vec![7],
		pieces,
		nodes: view.into_changes(),
		leaves,
		dropped: Vec::new(),
	};
	store.commit_seal(&sealed).expect("a commit");
	ledger_root
}

#[test]
fn works_when_a_reading_is_sent_twice() {
	let (_directory, store) = store();
	assert_eq!(take(&store, vec![incoming(1, 5, 100)]), [Ok(Taken::Accepted)]);
	assert_eq!(take(&store, vec![incoming(1, 5, 100)]), [Ok(Taken::Duplicate)]);
	store.close(0).expect("closes");
	assert_eq!(take(&store, vec![incoming(1, 5, 100)]), [Ok(Taken::Duplicate)]);
	let note = store.note(DeviceId(1)).expect("reads").expect("is there");
	assert_eq!((note.accepted, note.in_window), (1, 1));
	assert_eq!(store.readings(0).expect("reads")[&DeviceId(1)].len(), 1);
}

#[test]
fn works_when_the_store_is_opened_again() {
	let (directory, store) = store();
	assert_eq!(take(&store, vec![incoming(1, 5, 100)]), [Ok(Taken::Accepted)]);
	drop(store);
	let store = Store::open(directory.path(), IDENTITY, Cache::SMALL).expect("opens again");
	assert_eq!(take(&store, vec![incoming(1, 5, 100)]), [Ok(Taken::Duplicate)]);
}

#[test]
fn fails_when_the_store_belongs_to_another_gateway() {
	let (directory, store) = store();
	drop(store);
	let other = Identity { gateway: GatewayId(3), ..IDENTITY };
	let error = Store::open(directory.path(), other, Cache::SMALL).err().expect("refused");
	assert!(matches!(error, StoreError::Foreign { .. }));
}

#[test]
fn fails_when_sequence_or_time_does_not_increase() {
	let (_directory, store) = store();
	assert_eq!(take(&store, vec![incoming(1, 5, 100)]), [Ok(Taken::Accepted)]);
	for bad in [incoming(1, 5, 101), incoming(1, 6, 100), incoming(1, 4, 200)] {
		assert_eq!(take(&store, vec![bad]), [Err(Refusal::OutOfOrder)]);
	}
	let mut same_place = incoming(1, 5, 100);
	same_place.signed.reading.anchor = [9; 32];
	assert_eq!(take(&store, vec![same_place]), [Err(Refusal::OutOfOrder)]);
}

#[test]
fn fails_when_the_window_is_closed() {
	let (_directory, store) = store();
	store.close(3).expect("closes");
	store.close(2).expect("never opens again");
	assert_eq!(take(&store, vec![incoming(1, 1, 3_999)]), [Err(Refusal::TooOld)]);
	assert_eq!(take(&store, vec![incoming(1, 1, 4_000)]), [Ok(Taken::Accepted)]);
}

#[test]
fn fails_when_a_device_reads_too_often() {
	let (_directory, store) = store();
	let readings = (0..130).map(|n| incoming(1, n + 1, n + 1)).collect();
	let results = take(&store, readings);
	assert!(results[..128].iter().all(|result| *result == Ok(Taken::Accepted)));
	assert_eq!(results[128..], [Err(Refusal::TooMany), Err(Refusal::TooMany)]);
	assert_eq!(take(&store, vec![incoming(1, 200, 1_000)]), [Ok(Taken::Accepted)]);
}

#[test]
fn fails_when_the_window_is_full() {
	let (_directory, store) = store();
	let limits = Limits { readings: 2, ..LIMITS };
	let readings = (1..=3).map(|device| incoming(device, 1, 1)).collect();
	let results = store.ingest(vec![readings], limits, &mut Shares::default());
	let expected = vec![Ok(Taken::Accepted), Ok(Taken::Accepted), Err(Refusal::WindowFull)];
	assert_eq!(results, Ok(vec![expected]));
}

/// Shares of devices 1, 2 and 3 at the beginning of window 0.
fn shares(store: &Store, limits: Limits) -> Shares {
	let mut shares = Shares::default();
	let periods = Periods { window_slots: 1, ..Periods::DEVELOPMENT };
	let basis = Basis { facts: Arc::default(), limits, largest: largest(0) };
	let devices = (1..=3).map(DeviceId).collect::<Vec<_>>();
	let know = || Ok::<_, StoreError>((devices, store.tally(0)?));
	shares.prepare(0, basis, Left::at(0, &periods, 0), know).expect("the store works");
	shares
}

#[test]
fn fails_when_a_device_has_had_its_share() {
	let (directory, store) = store();
	let limits = Limits { readings: 6, ..LIMITS };
	let (taken, over) = (Ok(Taken::Accepted), Err(Refusal::OverShare));
	let mut kept = shares(&store, limits);
	let flood = (1..=4).map(|n| incoming(1, n, n)).collect::<Vec<_>>();
	let results = store.ingest(vec![flood], limits, &mut kept);
	assert_eq!(results, Ok(vec![vec![taken, taken, over, over]]));
	assert_eq!(kept.crowded(), Some((0, 2)));
	drop(store);

	// A gateway that starts again goes on with it.
	let store = Store::open(directory.path(), IDENTITY, Cache::SMALL).expect("opens again");
	assert_eq!(shares(&store, limits).of(0), kept.of(0));
	let mut kept = shares(&store, limits);
	let others = [2, 3].into_iter().flat_map(|device| (1..=2).map(move |n| incoming(device, n, n)));
	let readings = [incoming(1, 5, 5)].into_iter().chain(others).chain([incoming(3, 3, 3)]);
	let results = store.ingest(vec![readings.collect()], limits, &mut kept);
	let full = Err(Refusal::WindowFull);
	assert_eq!(results, Ok(vec![vec![over, taken, taken, taken, taken, full]]));
}

#[test]
fn works_when_a_window_is_counted() {
	let (_directory, store) = store();
	assert_eq!(store.tally(0), Ok(Tally::default()));
	take(
		&store,
		vec![incoming(1, 1, 1), incoming(1, 2, 2), incoming(2, 1, 1), incoming(1, 3, 1_000)],
	);
	let row = store.windows().expect("reads")[&0];
	let devices = [(DeviceId(1), 2), (DeviceId(2), 1)].into();
	assert_eq!(store.tally(0), Ok(Tally { row, devices }));
}

#[test]
fn the_largest_reading_is_as_large_as_one_can_be() {
	for channels in [0, 1, 4, 16] {
		let mut signed = signed(1, 1, 1);
		signed.reading.values = Values::truncate_from(vec![Some(i64::MAX); channels]);
		signed.signature = DeviceSignature::Secp256k1(ecdsa::Signature::from_raw([0; 65]));
		// Five bytes of a slot: a device may have one reading.
		assert_eq!(u64::try_from(signed.encoded_size() + 5), Ok(largest(channels)), "{channels}");
	}
}

#[test]
fn works_when_a_batch_is_served() {
	let (_directory, store) = store();
	let root = seal(&store, None, 4, 0, &[(0, 1), (5, 1)]);
	let header = store.header(4, 0).expect("reads").expect("is there");
	assert_eq!(header.latest().ledger_root, root);
	assert_eq!(store.part(4, 0, Part::Payload).expect("reads"), Some(vec![7]));
	assert_eq!(store.part(4, 1, Part::Payload).expect("reads"), None);
	let pieces = store.part(4, 0, Part::Ledger).expect("reads").expect("is there");
	let mut reader = LedgerReader::new(pieces.as_slice(), size_limit(2));
	assert_eq!(reader.seek(0), Ok(None));
	reader.put(0, leaf(0, 1).hash(0)).expect("in order");
	assert_eq!(reader.seek(5), Ok(None));
	reader.put(5, leaf(5, 1).hash(5)).expect("in order");
	let (before, after, _) = reader.finish().expect("complete");
	assert_eq!((before, after), (empty_root(), root));
	assert_eq!(store.slots_of(DeviceId(1_005)).expect("reads"), [5]);
}

#[test]
fn works_when_a_reading_is_left_out_twice() {
	let (_directory, store) = store();
	take(&store, vec![incoming(1, 5, 100)]);
	let dropped = [Dropped { device: DeviceId(1), sequence: 5, fault: Fault::Inactive }];
	store.note_dropped(0, &dropped).expect("notes");
	store.note_dropped(0, &dropped).expect("notes");
	let note = store.note(DeviceId(1)).expect("reads").expect("is there");
	assert_eq!(note.left_out, [(Fault::Inactive.code(), 1)]);
}

#[test]
fn works_when_lost_windows_are_forgotten() {
	let (_directory, store) = store();
	take(&store, vec![incoming(1, 1, 100), incoming(1, 2, 1_100)]);
	store.give_up(&[(0, Lost::NoRecord)]).expect("gives up");
	assert_eq!(take(&store, vec![incoming(2, 1, 200)]), [Err(Refusal::TooOld)]);
	assert_eq!(store.forget_lost(1), Ok(1));
	let windows = store.windows().expect("reads");
	assert_eq!(windows.keys().copied().collect::<Vec<_>>(), [1]);
}

/// Positions and stages of the stored readings, of some devices or of all.
fn walked(store: &Store, devices: Option<&[u64]>) -> Vec<(Window, u64, u64, Stage)> {
	let devices = devices.map(|ids| ids.iter().copied().map(DeviceId).collect::<BTreeSet<_>>());
	let mut seen = Vec::new();
	let mut visit = |kept: Kept| {
		let Position { window, device, sequence } = kept.position;
		assert_eq!(kept.stored.signed.reading.device, device);
		seen.push((window, device.0, sequence, kept.stage));
		ControlFlow::Continue(())
	};
	let walk = store.walk(Position::default(), Window::MAX, devices.as_ref(), u32::MAX, &mut visit);
	assert_eq!(walk, Ok(Walked::Done));
	seen
}

#[test]
fn works_when_readings_are_walked() {
	let (_directory, store) = store();
	for device in [3, 1, 2] {
		take(&store, vec![incoming(device, 1, 100), incoming(device, 2, 1_100)]);
	}
	use Stage::Accepted;
	let all = [(0, 1, 1), (0, 2, 1), (0, 3, 1), (1, 1, 2), (1, 2, 2), (1, 3, 2)];
	let all = all.map(|(window, device, sequence)| (window, device, sequence, Accepted));
	assert_eq!(walked(&store, None), all);
	let some = [(0, 1, 1, Accepted), (0, 3, 1, Accepted), (1, 1, 2, Accepted), (1, 3, 2, Accepted)];
	assert_eq!(walked(&store, Some(&[1, 3, 9])), some);
	assert!(walked(&store, Some(&[])).is_empty());

	// Where a walk breaks off, the next one goes on.
	let mut count = 0;
	let mut visit = |_: Kept| {
		count += 1;
		if count == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
	};
	let walk = store.walk(Position::start_of(0), 1, None, u32::MAX, &mut visit);
	let here = Position { window: 0, device: DeviceId(3), sequence: 1 };
	assert_eq!(walk, Ok(Walked::Paused(here)));
	let kept = store.kept(here).expect("reads").expect("is there");
	assert_eq!(kept.stored, StoredReading::from(incoming(3, 1, 100)));
	assert_eq!(store.kept(Position { sequence: 2, ..here }), Ok(None));
}

#[test]
fn works_when_a_walk_takes_long() {
	let (_directory, store) = store();
	let windows = 600u64;
	let requests = (0..windows).map(|window| {
		let readings = (1..=200).map(|device| incoming(device, window + 1, window * 1_000 + 1));
		readings.collect::<Vec<_>>()
	});
	let results = store.ingest(requests.collect(), LIMITS, &mut Shares::default());
	assert!(results.is_ok());
	let (mut position, mut walks, mut count) = (Position::default(), 0, 0);
	loop {
		let mut visit = |_: Kept| {
			count += 1;
			ControlFlow::Continue(())
		};
		walks += 1;
		match store.walk(position, Window::MAX, None, 100_000, &mut visit).expect("the store works")
		{
			Walked::Done => break,
			Walked::Paused(at) => position = at,
		}
	}
	assert_eq!((walks, count), (2, windows * 200));
	assert_eq!(walked(&store, Some(&[150])).len(), 600);
}

#[test]
fn readings_stay_when_their_window_has_matured() {
	let (_directory, store) = store();
	for window in 0..4 {
		take(
			&store,
			vec![incoming(1, window + 1, window * 1_000), incoming(2, window + 1, window * 1_000)],
		);
	}
	// Window 1 is given up, 3 is not sealed yet.
	seal(&store, None, 0, 0, &[(0, 1)]);
	store.give_up(&[(1, super::Lost::TooOld)]).expect("gives up");
	seal(&store, Some(0), 2, 5, &[(0, 2)]);
	let dropped = [Dropped { device: DeviceId(2), sequence: 1, fault: Fault::Inactive }];
	store.note_dropped(0, &dropped).expect("notes");
	use Stage::{Accepted, LeftOut, Lost, Matured, Sealed};
	type Row = (Window, u64, Stage);
	let pairs = |seen: &[(Window, u64, u64, Stage)]| {
		let rows = seen.iter().map(|(window, device, _, stage)| (*window, *device, *stage));
		rows.collect::<Vec<Row>>()
	};
	let newest: [Row; 4] = [(2, 1, Sealed), (2, 2, Sealed), (3, 1, Accepted), (3, 2, Accepted)];
	let before: [Row; 4] = [(0, 1, Sealed), (0, 2, LeftOut), (1, 1, Lost), (1, 2, Lost)];
	assert_eq!(pairs(&walked(&store, None)), [before, newest].concat());

	store.prune(0, KEEP).expect("prunes");
	let before: [Row; 4] = [(0, 1, Matured), (0, 2, LeftOut), (1, 1, Lost), (1, 2, Lost)];
	assert_eq!(pairs(&walked(&store, None)), [before, newest].concat());
	store.prune(2, KEEP).expect("prunes");
	// What was given up is gone, and what has matured waits for nobody any more.
	let after: [Row; 6] = [
		(0, 1, Matured),
		(0, 2, LeftOut),
		(2, 1, Matured),
		(2, 2, Matured),
		(3, 1, Accepted),
		(3, 2, Accepted),
	];
	assert_eq!(pairs(&walked(&store, None)), after);
	assert!(store.windows().expect("reads").keys().eq([&3]));
	let archived = store.archived(2).expect("reads").expect("is there");
	assert_eq!((archived.attempt, archived.header.latest().attempt), (5, 5));
	assert_eq!(store.header(2, 5), Ok(None), "the batch itself is gone");
	assert_eq!(store.archived(1), Ok(None));
	assert_eq!(store.archived_windows(), Ok(vec![0, 2]));
}

#[test]
fn what_is_kept_of_matured_windows_is_bounded() {
	let (_directory, store) = store();
	let mut head = None;
	for window in 0..5 {
		take(&store, vec![incoming(1, window + 1, window * 1_000)]);
		let window = u32::try_from(window).expect("small");
		seal(&store, head, window, 0, &[(0, u64::from(window) + 1)]);
		head = Some(window);
	}
	store.prune(3, KEEP).expect("prunes");
	assert_eq!(store.archived_windows(), Ok(vec![0, 1, 2, 3]));
	store.prune(3, Keep { from: 1, ..KEEP }).expect("prunes");
	assert_eq!(store.archived_windows(), Ok(vec![1, 2, 3]));
	store.prune(3, Keep { readings: 2, ..KEEP }).expect("prunes");
	assert_eq!(store.archived_windows(), Ok(vec![3]));
	// What has not matured is never forgotten.
	store.prune(3, Keep { from: 9, readings: 0 }).expect("prunes");
	assert_eq!(store.archived_windows(), Ok(vec![]));
	assert_eq!(walked(&store, None), [(4, 1, 5, Stage::Sealed)]);
}

#[test]
fn works_when_an_older_release_made_the_store() {
	let (directory, store) = store();
	take(&store, vec![incoming(1, 5, 100)]);
	let transaction = store.database.begin_write().expect("a transaction");
	transaction.delete_table(ARCHIVE).expect("is there");
	transaction.commit().expect("commits");
	drop(store);
	let store = Store::open(directory.path(), IDENTITY, Cache::SMALL).expect("opens again");
	assert_eq!(walked(&store, None), [(0, 1, 5, Stage::Accepted)]);
	assert_eq!(store.archived_windows(), Ok(vec![]));
}

/// What the random test does.
#[derive(Clone, Debug)]
enum Step {
	Seal(Vec<Slot>),
	/// Back to the version at this place, counted from the oldest that is kept.
	Revert(usize),
	/// The version at this place has matured.
	Prune(usize),
}

fn step() -> impl Strategy<Value = Step> {
	let slot = prop_oneof![0u32..8, Just(u32::MAX), 1_000u32..1_010];
	prop_oneof![
		4 => prop::collection::vec(slot, 1..6).prop_map(Step::Seal),
		1 => (0usize..4).prop_map(Step::Revert),
		1 => (0usize..4).prop_map(Step::Prune),
	]
}

/// A version of the ledger kept in memory, to compare with.
#[derive(Clone, Default)]
struct Model {
	nodes: MemoryStore,
	leaves: BTreeMap<Slot, Leaf>,
}

fn compare(store: &Store, window: Option<Window>, model: &Model) {
	let view = store.ledger(window).expect("a ledger");
	let Ok(root) = tree::root(&model.nodes);
	assert_eq!(view.root().expect("a root"), root);
	for slot in [0, 3, 7, 1_000, 1_005, u32::MAX] {
		assert_eq!(view.leaf(slot).expect("reads"), model.leaves.get(&slot).cloned());
		let Ok(proof) = tree::prove(&model.nodes, slot);
		assert_eq!(view.prove(slot).expect("a proof"), proof);
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	#[test]
	fn every_kept_version_reads_back_as_it_was_sealed(steps in prop::collection::vec(step(), 1..16)) {
		let (_directory, store) = store();
		let mut models = BTreeMap::<Window, Model>::new();
		let mut matured: Option<Window> = None;
		let mut window: Window = 0;
		for step in steps {
			window += 1;
			let newest = models.keys().next_back().copied();
			match step {
				Step::Seal(slots) => {
					let mut model = newest.map(|newest| models[&newest].clone()).unwrap_or_default();
					let slots = slots.iter().map(|slot| (*slot, u64::from(window))).collect::<Vec<_>>();
					let root = seal(&store, newest, window, 0, &slots);
					for (slot, sequence) in slots {
						let leaf = leaf(slot, sequence);
						let Ok(_) = tree::update(&mut model.nodes, [(slot, leaf.hash(slot))]);
						model.leaves.insert(slot, leaf);
					}
					let Ok(expected) = tree::root(&model.nodes);
					prop_assert_eq!(root, expected);
					models.insert(window, model);
				},
				Step::Revert(place) => {
					let kept = models.keys().copied().collect::<Vec<_>>();
					let Some(version) = kept.get(place).copied() else { continue };
					store.revert(Some(version)).expect("reverts");
					models.retain(|window, _| *window <= version);
				},
				Step::Prune(place) => {
					let kept = models.keys().copied().collect::<Vec<_>>();
					let Some(version) = kept.get(place).copied() else { continue };
					store.prune(version, KEEP).expect("prunes");
					matured = Some(version);
					models.retain(|window, _| *window >= version);
				},
			}
			for (window, model) in &models {
				compare(&store, Some(*window), model);
			}
			let heads = store.heads().expect("reads");
			prop_assert!(heads.keys().eq(models.keys()));
		}
		if matured.is_none() {
			store.revert(None).expect("reverts");
			compare(&store, None, &Model::default());
			let root = store.ledger(Some(window)).expect("a ledger").root().expect("a root");
			prop_assert_eq!(root, empty_root());
		}
	}
}
