mod node;

use std::collections::BTreeMap;

use cairn_telemetry::{
	Fault, Header, HeaderV1, Leaf, Reading, SignedReading, Sums, Verdict, VerdictClaim,
	WindowContext,
	authority::{AuthorityId, AuthoritySignature},
	offchain::{Part, SOURCE_KEY, STATS_KEY, WorkerStats},
	payload::payload_root,
	seal::{DeviceReadings, seal as seal_readings},
	store::{self, MemoryStore},
	verdict::{chunk_index, tag},
};
use cairn_types::{Cycle, DeviceId, DeviceSignature, Slot, Tick, Window};
use codec::Encode;
use frame_support::{assert_ok, traits::Hooks};
use sp_core::{
	Pair, ed25519,
	hexdisplay::HexDisplay,
	offchain::{
		Duration, OffchainDbExt, OffchainWorkerExt, TransactionPoolExt, testing::TestOffchainExt,
	},
};
use sp_io::hashing::blake2_256;
use sp_runtime::{
	RuntimeAppPublic,
	offchain::{
		storage::StorageValueRef,
		storage_lock::{StorageLock, Time},
	},
};

use self::node::{Answer, Node};
use crate::{
	Batches,
	mock::*,
	offchain::{Action, Done, Situation, decide},
	types::{BatchRecord, Outcome},
};

const URL: &str = "http://127.0.0.1:9980";
const LOCK: &[u8] = b"cairn/telemetry/lock";
const PARTS: [Part; 3] = [Part::Header, Part::Ledger, Part::Payload];
const SLOTS: [Slot; 2] = [0, 1];
const INVALID: Verdict = Verdict::Invalid(Fault::LedgerRoot);

/// A sealed window of [`GATEWAY`] with what a source serves of it.
struct Batch {
	window: Window,
	header: HeaderV1,
	ledger: Vec<u8>,
	payload: Vec<u8>,
}

impl Batch {
	fn uri(&self, part: Part) -> String {
		format!("{URL}{}", part.path(GATEWAY, self.window, self.header.attempt))
	}

	fn uris(&self) -> [String; 3] {
		PARTS.map(|part| self.uri(part))
	}

	fn bytes(&self, part: Part) -> Vec<u8> {
		match part {
			Part::Header => Header::V1(self.header.clone()).encode(),
			Part::Ledger => self.ledger.clone(),
			Part::Payload => self.payload.clone(),
		}
	}

	fn seal_on_chain(&self) {
		assert_ok!(seal_with(self.window, self.header.clone()));
	}

	/// `node`'s source answers this when asked for a part.
	fn answer(&self, node: &Node, part: Part, answer: Answer) {
		node.world().answers.insert(self.uri(part), answer);
	}

	fn serve(&self, node: &Node) {
		PARTS.into_iter().for_each(|part| self.answer(node, part, Answer::Body(self.bytes(part))));
	}
}

/// What a gateway keeps.
#[derive(Default)]
struct Books {
	nodes: MemoryStore,
	leaves: BTreeMap<Slot, Leaf>,
}

impl Books {
	/// Ten readings of each device, signed with what `key` says.
	fn seal(&mut self, window: Window, key: impl Fn(DeviceId) -> ed25519::Pair) -> Batch {
		let context = Telemetry::window_context(NETWORK, window).expect("recorded");
		let mut ledger = Vec::new();
		store::pieces(
			&self.nodes,
			&SLOTS,
			&mut |slot| Ok(self.leaves.get(&slot).cloned()),
			&mut |piece| piece.encode_to(&mut ledger),
		)
		.expect("memory does not fail");
		let devices = SLOTS.map(|slot| {
			let device = DeviceId(u64::from(slot));
			let readings = readings(&context, device, &key(device));
			DeviceReadings { slot, device, leaf: self.leaves.get(&slot).cloned(), readings }
		});
		let attempt = gateway().deaths;
		let sealed = seal_readings(&context, &no_rate, attempt, &devices, &mut self.nodes)
			.expect("the readings are sound");
		self.leaves.extend(sealed.leaves);
		Batch { window, header: sealed.header, ledger, payload: sealed.payload }
	}
}

fn no_rate(_: Cycle) -> u128 {
	0
}

fn readings(context: &WindowContext, device: DeviceId, key: &ed25519::Pair) -> Vec<SignedReading> {
	let sign = |number: u64| {
		let sequence = u64::from(context.window) * 10 + number;
		let energy = i64::try_from(sequence * 10).expect("small");
		let reading = Reading {
			network: NETWORK,
			schema: SCHEMA,
			device,
			sequence,
			anchor: ANCHOR,
			time: context.periods.start_of(context.window) + 250 + 500 * number,
			values: vec![Some(energy)].try_into().expect("one channel"),
		};
		let signature = key.sign(&reading.message(&context.genesis));
		SignedReading { reading, signature: DeviceSignature::Ed25519(signature) }
	};
	(0..10).map(sign).collect()
}

/// A chain with a node that has a source and the verdict keys of these validators.
fn with_node(members: &[u32], test: impl FnOnce(&Node)) {
	let (database, _) = TestOffchainExt::new();
	let node = Node::default();
	let mut ext = ExtBuilder::default().build();
	ext.register_extension(OffchainDbExt::new(database));
	ext.register_extension(OffchainWorkerExt::new(node.clone()));
	ext.register_extension(TransactionPoolExt::new(node.clone()));
	ext.execute_with(|| {
		members.iter().for_each(|member| insert_key(0, *member));
		set_source(URL.as_bytes());
		test(&node);
		check_state();
	});
}

/// Put a validator's verdict key of a session into the keystore.
fn insert_key(session: u32, member: u32) {
	let seed = blake2_256(&("validator", session, member).encode());
	let uri = format!("0x{}", HexDisplay::from(&seed.as_slice()));
	let key = AuthorityId::generate_pair(Some(uri.into_bytes()));
	assert_eq!(key, verdict_key(session, member).public());
}

fn set_source(url: &[u8]) {
	StorageValueRef::persistent(SOURCE_KEY).set(&url.to_vec());
}

fn stats() -> WorkerStats {
	StorageValueRef::persistent(STATS_KEY).get().expect("decodes").unwrap_or_default()
}

/// Run the worker as the node does after a block.
fn work() {
	Telemetry::offchain_worker(System::block_number());
}

fn next_block() {
	System::set_block_number(System::block_number() + 1);
}

/// The first window, sealed with sound readings and served.
fn sealed(node: &Node) -> Batch {
	let batch = Books::default().seal(FIRST, device_key);
	batch.seal_on_chain();
	batch.serve(node);
	batch
}

/// The first two windows.
fn two_sealed(node: &Node) -> [Batch; 2] {
	pass_windows(1);
	let mut books = Books::default();
	[FIRST, FIRST + 1].map(|window| {
		let batch = books.seal(window, device_key);
		batch.seal_on_chain();
		batch.serve(node);
		batch
	})
}

/// The chunk of a batch that member 0's tag is over.
fn chunk_of(record: &BatchRecord) -> u64 {
	let seed = Telemetry::committee_seed(GATEWAY, FIRST, 0, record).expect("known");
	chunk_index(&seed, 0, record.payload_size)
}

/// What `member` is to say of a batch.
fn expected(of: &Batch, member: u32, verdict: Verdict) -> VerdictClaim {
	let attempt = of.header.attempt;
	let said = claim(GATEWAY, of.window, attempt, member, verdict);
	if verdict == Verdict::Unavailable {
		assert_eq!(said.tag, [0; 32]);
		return said;
	}
	let record = batch(of.window, attempt);
	let seed = Telemetry::committee_seed(GATEWAY, of.window, attempt, &record).expect("known");
	let wanted = chunk_index(&seed, member, record.payload_size);
	let wanted = usize::try_from(wanted).expect("small");
	let chunk = of.payload.chunks(1_024).nth(wanted).expect("within the payload");
	VerdictClaim { tag: tag(&said.header_hash, member, chunk), ..said }
}

fn assert_idle(node: &Node) {
	assert!(node.requests().is_empty());
	assert!(node.claims().is_empty());
}

/// Put what a node submitted into a block.
fn apply(submissions: Vec<(VerdictClaim, AuthoritySignature)>) {
	for (claim, signature) in submissions {
		assert_ok!(submit(claim, signature), Ok(()));
	}
}

#[test]
fn what_to_do_follows_from_the_situation() {
	let done = |submitted| Done { verdict: Verdict::Valid, tag: [1; 32], submitted };
	let check = |last_chance| Action::Check { last_chance };
	let nothing = || Action::Nothing;
	let cases = [
		// Done before, voted, block, tick, due.
		((None, false, 7, 10, 12), check(false)),
		((None, false, 7, 11, 12), check(true)),
		((None, false, 7, 0, 1), check(true)),
		((None, false, 7, 12, 12), nothing()),
		((None, false, 7, 13, 12), nothing()),
		((None, false, 7, Tick::MAX - 1, Tick::MAX), check(true)),
		((None, false, 7, Tick::MAX, Tick::MAX), nothing()),
		((None, true, 7, 10, 12), nothing()),
		((Some(done(7)), false, 7, 10, 12), nothing()),
		((Some(done(7)), false, 11, 10, 12), nothing()),
		((Some(done(7)), false, 12, 10, 12), Action::Submit(done(7))),
		((Some(done(7)), false, u32::MAX, 11, 12), Action::Submit(done(7))),
		((Some(done(7)), false, 12, 12, 12), nothing()),
		((Some(done(7)), true, 12, 10, 12), nothing()),
		// The chain has been reorganised.
		((Some(done(7)), false, 3, 10, 12), nothing()),
	];
	for ((done, voted, block, tick, due), action) in cases {
		let situation = Situation { done, voted, block, tick, due };
		assert_eq!(decide(&situation), action, "{situation:?}");
	}
}

#[test]
fn each_part_is_asked_for_once_and_what_was_done_is_counted() {
	with_node(&[2], |node| {
		let batch = sealed(node);
		assert_eq!(batch.header.sums, Sums { units: 180, readings: 20, devices: 2 });
		node.world().latency = 7;
		work();
		assert_eq!(node.requests(), batch.uris());
		assert_eq!(node.claims(), [expected(&batch, 2, Verdict::Valid)]);
		let bytes = (batch.payload.len() + batch.ledger.len()) as u64;
		let none = WorkerStats::default();
		let done = WorkerStats { checked: 1, valid: 1, readings: 20, bytes, millis: 21, ..none };
		assert_eq!(stats(), done);
	});
}

#[test]
fn the_verdicts_of_workers_attest() {
	with_node(&[0, 1, 2], |node| {
		let batch = sealed(node);
		work();
		let submissions = node.submissions();
		let mut claims: Vec<_> = submissions.iter().map(|(claim, _)| *claim).collect();
		claims.sort_by_key(|claim| claim.member);
		assert_eq!(claims, [0, 1, 2].map(|member| expected(&batch, member, Verdict::Valid)));
		apply(submissions);
		let attested = Event::Attested {
			gateway: GATEWAY,
			window: FIRST,
			attempt: 0,
			root: batch.header.ledger_root,
			units: 180,
		};
		assert_eq!(events().last(), Some(&attested));
	});
}

/// Faults that a header can commit to, each with a batch that has it.
const FAULTS: &[(Fault, fn(&mut Batch))] = &[
	(Fault::BadSignature, |batch| {
		*batch = Books::default().seal(FIRST, |_| device_key(DeviceId(9)));
	}),
	(Fault::Malformed, |batch| {
		batch.payload.push(0);
		batch.header.payload_size += 1;
		batch.header.payload_root = payload_root(&batch.payload);
	}),
	(Fault::Sums, |batch| batch.header.sums.units -= 1),
	(Fault::TransitionRoot, |batch| batch.header.transition_root = [7; 32]),
	(Fault::LedgerRoot, |batch| batch.header.ledger_root = [7; 32]),
];

#[test]
fn a_fault_that_the_header_commits_to_is_named() {
	for (fault, spoil) in FAULTS {
		with_node(&[0, 1], |node| {
			let mut batch = Books::default().seal(FIRST, device_key);
			spoil(&mut batch);
			batch.seal_on_chain();
			batch.serve(node);
			work();
			let submissions = node.submissions();
			assert_eq!(submissions.len(), 2);
			for (claim, _) in &submissions {
				let said = expected(&batch, claim.member, Verdict::Invalid(*fault));
				assert_eq!(*claim, said);
			}
			assert_eq!((stats().checked, stats().invalid, stats().valid), (2, 2, 0));
			apply(submissions);
			let died = Event::Died {
				gateway: GATEWAY,
				window: FIRST,
				attempt: 0,
				outcome: Outcome::Invalid,
				skipped: false,
			};
			assert_eq!(events().last(), Some(&died));
		});
	}
}

fn cut(bytes: &[u8]) -> Answer {
	Answer::Body(bytes[..bytes.len() - 1].to_vec())
}

fn flipped(mut bytes: Vec<u8>) -> Answer {
	*bytes.last_mut().expect("not empty") ^= 1;
	Answer::Body(bytes)
}

/// What a source may answer when asked for a part of a sound batch.
const WRONGS: &[(Part, fn(&Batch) -> Answer)] = &[
	(Part::Header, |_| Answer::Status(404)),
	(Part::Header, |_| Answer::Status(410)),
	(Part::Header, |_| Answer::Status(500)),
	(Part::Header, |_| Answer::Silence),
	(Part::Header, |_| Answer::Stall(Vec::new())),
	(Part::Header, |_| Answer::Body(Vec::new())),
	(Part::Header, |_| Answer::Body(vec![0; 513])),
	(Part::Header, |batch| cut(&batch.bytes(Part::Header))),
	(Part::Header, |batch| flipped(batch.bytes(Part::Header))),
	(Part::Header, |batch| Answer::Body([batch.bytes(Part::Header), vec![0]].concat())),
	(Part::Ledger, |_| Answer::Status(404)),
	(Part::Ledger, |_| Answer::Silence),
	(Part::Ledger, |_| Answer::Stall(Vec::new())),
	(Part::Ledger, |_| Answer::Body(Vec::new())),
	(Part::Ledger, |batch| cut(&batch.ledger)),
	(Part::Ledger, |batch| flipped(batch.bytes(Part::Ledger))),
	(Part::Payload, |_| Answer::Status(404)),
	(Part::Payload, |_| Answer::Silence),
	(Part::Payload, |batch| Answer::Stall(batch.payload[..100].to_vec())),
	(Part::Payload, |_| Answer::Body(Vec::new())),
	(Part::Payload, |batch| cut(&batch.payload)),
	(Part::Payload, |batch| flipped(batch.bytes(Part::Payload))),
];

#[test]
fn what_a_source_does_wrong_is_said_at_the_last_tick_and_never_called_a_fault() {
	for (case, (part, wrong)) in WRONGS.iter().enumerate() {
		with_node(&[0], |node| {
			let sealed = sealed(node);
			sealed.answer(node, *part, wrong(&sealed));
			work();
			next_block();
			work();
			assert!(node.claims().is_empty(), "case {case}");
			assert_eq!(stats().failures, 2, "case {case}");

			// Windows may pass without a tick.
			pass_window(false);
			work();
			assert!(node.claims().is_empty(), "case {case}");

			pass_window(true);
			work();
			let submissions = node.submissions();
			let claims: Vec<_> = submissions.iter().map(|(claim, _)| *claim).collect();
			let said = expected(&sealed, 0, Verdict::Unavailable);
			assert_eq!(claims, [said], "case {case}");
			assert_eq!((stats().failures, stats().unavailable), (3, 1), "case {case}");
			assert_eq!((stats().valid, stats().invalid, stats().readings), (0, 0, 0));
			apply(submissions);
			assert_eq!(batch(FIRST, 0).tally(), [0, 0, 1]);
		});
	}
}

#[test]
fn a_batch_that_is_published_late_is_valid() {
	with_node(&[0], |node| {
		let batch = sealed(node);
		node.world().answers.clear();
		work();
		assert_eq!(node.requests(), [batch.uri(Part::Header)]);
		assert!(node.claims().is_empty());
		batch.serve(node);
		pass_window(true);
		work();
		assert_eq!(node.claims(), [expected(&batch, 0, Verdict::Valid)]);
	});
}

#[test]
fn nothing_is_asked_without_a_source() {
	with_node(&[0], |node| {
		sealed(node);
		StorageValueRef::persistent(SOURCE_KEY).clear();
		work();
		assert_idle(node);
		set_source(&[0xff]);
		work();
		assert_idle(node);
		set_source(format!("{URL}/").as_bytes());
		work();
		assert_eq!(node.requests()[0], format!("{URL}/v1/gateways/0/batches/101/0/header"));
	});
}

#[test]
fn nothing_is_asked_when_nothing_is_owed() {
	// Not a validator; a validator of another session.
	with_node(&[], |node| {
		sealed(node);
		work();
		insert_key(1, 0);
		work();
		assert_idle(node);
	});
	// The committee is not drawn.
	with_node(&[0], |node| {
		let batch = sealed(node);
		SeedsBefore::set(&0);
		work();
		assert_idle(node);
		SeedsBefore::set(&u32::MAX);
		work();
		assert_eq!(node.claims(), [expected(&batch, 0, Verdict::Valid)]);
	});
	// The batch is due.
	with_node(&[0], |node| {
		sealed(node);
		pass_until(54);
		work();
		assert_idle(node);
	});
}

#[test]
fn one_run_at_a_time_works_on_a_node() {
	with_node(&[0], |node| {
		sealed(node);
		let mut lock = StorageLock::<Time>::with_deadline(LOCK, Duration::from_millis(20_000));
		lock.try_lock().expect("free").forget();
		work();
		assert_idle(node);
		// Whoever held it was killed.
		node.world().clock += 20_001;
		work();
		assert_eq!(node.claims().len(), 1);
		assert!(lock.try_lock().is_ok());
	});
}

#[test]
fn a_verdict_that_is_not_on_chain_is_submitted_again_without_fetching() {
	with_node(&[0], |node| {
		let batch = sealed(node);
		let said = expected(&batch, 0, Verdict::Valid);
		work();
		assert_eq!(node.claims(), [said]);
		assert_eq!(node.requests().len(), 3);
		node.world().answers.clear();
		for _ in 0..2 {
			for _ in 1..5 {
				next_block();
				work();
				assert_idle(node);
			}
			next_block();
			work();
			assert_eq!(node.claims(), [said]);
		}
		assert!(node.requests().is_empty());
		assert_eq!(stats().checked, 1);

		assert_ok!(vote(GATEWAY, FIRST, 0, 0, Verdict::Valid), Ok(()));
		(0..5).for_each(|_| next_block());
		work();
		assert_idle(node);
	});
}

#[test]
fn a_verdict_that_the_pool_refused_is_not_remembered() {
	with_node(&[0], |node| {
		let batch = sealed(node);
		node.world().is_pool_full = true;
		work();
		assert_eq!((node.requests().len(), node.claims().len()), (3, 0));
		node.world().is_pool_full = false;
		work();
		assert_eq!(node.requests().len(), 3);
		assert_eq!(node.claims(), [expected(&batch, 0, Verdict::Valid)]);
	});
}

#[test]
fn a_tag_is_not_repeated_when_a_reorganisation_drew_another_chunk() {
	with_node(&[0], |node| {
		let sealed = sealed(node);
		work();
		assert_eq!(node.claims(), [expected(&sealed, 0, Verdict::Valid)]);
		let before = batch(FIRST, 0);
		let mut after = before.clone();
		while chunk_of(&after) == chunk_of(&before) {
			after.sealed_in += 1;
		}
		Batches::<Test>::insert((GATEWAY, FIRST, 0), after);
		(0..5).for_each(|_| next_block());
		work();
		assert_eq!(node.claims(), [expected(&sealed, 0, Verdict::Valid)]);
	});
}

#[test]
fn an_attested_batch_is_still_checked_until_it_is_due() {
	with_node(&[3], |node| {
		let sealed = sealed(node);
		attest(FIRST, 0);
		pass_until(53);
		work();
		assert_eq!(node.requests(), sealed.uris());
		let submissions = node.submissions();
		assert_eq!(submissions[0].0, expected(&sealed, 3, Verdict::Valid));
		apply(submissions);
		assert_eq!(batch(FIRST, 0).tally(), [4, 0, 0]);
	});
	with_node(&[3], |node| {
		sealed(node);
		attest(FIRST, 0);
		pass_until(54);
		work();
		assert_idle(node);
	});
}

#[test]
fn a_batch_is_checked_once_the_one_before_it_is_attested() {
	with_node(&[3], |node| {
		let [first, second] = two_sealed(node);
		work();
		assert_eq!(node.requests(), first.uris());
		assert_eq!(node.claims(), [expected(&first, 3, Verdict::Valid)]);
		attest(FIRST, 0);
		work();
		assert_eq!(node.requests(), second.uris());
		assert_eq!(node.claims(), [expected(&second, 3, Verdict::Valid)]);
	});
}

#[test]
fn an_attested_batch_behind_a_dead_one_is_still_checked() {
	with_node(&[3], |node| {
		let first = sealed(node);
		attest(FIRST, 0);
		pass_windows(1);
		assert_ok!(seal(FIRST + 1));
		kill(FIRST + 1, 0, INVALID);
		work();
		assert_eq!(node.requests(), first.uris());
		assert_eq!(node.claims(), [expected(&first, 3, Verdict::Valid)]);
	});
}

#[test]
fn a_batch_that_died_with_the_one_before_it_is_left_alone() {
	with_node(&[3], |node| {
		two_sealed(node);
		kill(FIRST, 0, INVALID);
		work();
		assert_idle(node);
	});
}

#[test]
fn a_window_that_is_sealed_again_is_checked_again() {
	with_node(&[0], |node| {
		sealed(node);
		work();
		assert_eq!(node.claims().len(), 1);
		kill(FIRST, 0, Verdict::Unavailable);
		let again = sealed(node);
		assert_eq!(again.header.attempt, 1);
		work();
		assert_eq!(node.claims(), [expected(&again, 0, Verdict::Valid)]);
	});
}

#[test]
fn one_deadline_holds_for_all_parts_of_a_batch() {
	with_node(&[0], |node| {
		sealed(node);
		node.world().latency = 4_000;
		work();
		assert_eq!((node.requests().len(), node.claims().len()), (3, 0));
		assert_eq!((stats().millis, stats().failures), (10_000, 1));
		node.world().latency = 3_000;
		work();
		assert_eq!(node.claims().len(), 1);
	});
}

#[test]
fn a_run_takes_no_new_batch_when_its_time_is_over() {
	with_node(&[3], |node| {
		let [first, second] = two_sealed(node);
		attest(FIRST, 0);
		node.world().latency = 3_000;
		work();
		assert_eq!(node.claims(), [expected(&second, 3, Verdict::Valid)]);
		work();
		assert_eq!(node.claims(), [expected(&first, 3, Verdict::Valid)]);
	});
}
