//! A network with its maker, its gateway and two devices, all of them made by signed transactions.

use cairn_economics::Rate;
use cairn_runtime::{Block, Entropy, Runtime, System, Telemetry, Time};
use cairn_runtime_api::runtime_decl_for_cairn_api::CairnApi;
use cairn_telemetry::{
	Claim, Header, Leaf, Reading, SignedReading, Verdict, VerdictClaim, WindowContext,
	check::check,
	seal::{self, DeviceReadings, Sealed},
	store::{self, MemoryStore},
	verdict::{chunk_index, tag},
};
use cairn_traits::{Entropy as _, Timekeeper as _};
use cairn_types::{
	Admission, Attempt, Certificate, CertificateClaim, CertificateV1, CertifierKey, Channel,
	ChannelKind, Cycle, DeviceId, DeviceKey, DeviceSignature, GatewayId, Hash32, MakerId,
	MeterRule, NetworkConfig, NetworkId, Possession, Quantity, Schema, SchemaId, Slot, Unit,
	Window, certificate::possession_message,
};
use codec::Encode;
use frame_support::{BoundedVec, assert_ok, traits::ConstU32};
use pallet_telemetry::types::BatchRecord;
use sp_core::{Pair as _, ed25519};
use sp_keyring::Sr25519Keyring;

use super::{
	UncheckedExtrinsic, advance_until, apply, ask, general, genesis_hash, next_block, send,
};

pub(crate) type DevicesCall = pallet_devices::Call<Runtime>;
pub(crate) type NetworksCall = pallet_networks::Call<Runtime>;
pub(crate) type RewardsCall = pallet_rewards::Call<Runtime>;
pub(crate) type SchemasCall = pallet_schemas::Call<Runtime>;
pub(crate) type TelemetryCall = pallet_telemetry::Call<Runtime>;

/// Acts for the maker.
pub(crate) const MAKER_ADMIN: Sr25519Keyring = Sr25519Keyring::Bob;
/// Published the schema and runs the network.
pub(crate) const NETWORK_OWNER: Sr25519Keyring = Sr25519Keyring::Charlie;
/// Runs the gateway.
pub(crate) const OPERATOR: Sr25519Keyring = Sr25519Keyring::Dave;
/// Owns the devices, and is paid for them.
pub(crate) const OWNER: Sr25519Keyring = Sr25519Keyring::Eve;
/// Has no part in it.
pub(crate) const STRANGER: Sr25519Keyring = Sr25519Keyring::Ferdie;

// A fresh chain counts all ids from 0.
pub(crate) const MAKER: MakerId = MakerId(0);
pub(crate) const SCHEMA: SchemaId = SchemaId(0);
pub(crate) const NETWORK: NetworkId = NetworkId(0);
pub(crate) const GATEWAY: GatewayId = GatewayId(0);

/// Readings of each device in the window that is sealed, of at most [`INTERVALS`].
pub(crate) const READINGS: [u32; 2] = [6, 3];
/// Units of a device with a reading in each interval of a window.
pub(crate) const UNITS_PER_WINDOW: u64 = 600;
const INTERVALS: u16 = 6;
const MILLISECS_PER_DAY: u64 = 86_400_000;

/// The devices.
pub(crate) struct World {
	devices: Vec<Device>,
}

struct Device {
	id: DeviceId,
	slot: Slot,
	pair: ed25519::Pair,
}

/// A sealed window with everything that its gateway keeps of it.
pub(crate) struct Batch {
	pub(crate) window: Window,
	pub(crate) attempt: Attempt,
	pub(crate) sealed: Sealed,
	context: WindowContext,
	/// What a source serves of the ledger before.
	ledger: Vec<u8>,
	/// The ledger's tree after.
	nodes: MemoryStore,
}

pub(crate) fn bounded<T, const N: u32>(items: Vec<T>) -> BoundedVec<T, ConstU32<N>> {
	BoundedVec::try_from(items).unwrap_or_else(|_| panic!("at most {N} are allowed"))
}

/// Hundredths of a degree.
pub(crate) fn schema() -> Schema {
	let temperature = Channel {
		name: bounded(b"temperature".to_vec()),
		quantity: Quantity::Temperature,
		unit: Unit::Celsius,
		scale: -2,
		kind: ChannelKind::Gauge,
		min: -5_000,
		max: 10_000,
		max_change: None,
	};
	Schema {
		name: bounded(b"cairn:thermometer".to_vec()),
		version: 1,
		channels: bounded(vec![temperature]),
	}
}

/// What a unit of a cycle is worth, as a gateway asks it.
fn rate(cycle: Cycle) -> Rate {
	ask(|| <Runtime as CairnApi<Block>>::rate(NETWORK, cycle)).unwrap_or_default()
}

impl World {
	/// Two certified devices in a network that admits those of one maker only.
	pub(crate) fn found() -> Self {
		next_block();
		let maker = ed25519::Pair::from_seed(&[1; 32]);
		let key = CertifierKey::Ed25519(maker.public());
		assert_ok!(send(MAKER_ADMIN, DevicesCall::register_maker { key }));
		assert_ok!(send(NETWORK_OWNER, SchemasCall::publish { schema: schema() }));
		let config = NetworkConfig {
			schema: SCHEMA,
			meter: MeterRule::Uptime { expected: INTERVALS, cap: UNITS_PER_WINDOW },
			admission: Admission::Certified(bounded(vec![MAKER])),
		};
		let name = bounded(b"weather".to_vec());
		assert_ok!(send(NETWORK_OWNER, NetworksCall::create { name, config }));
		let endpoint = bounded(b"http://127.0.0.1:9977".to_vec());
		let register = TelemetryCall::register_gateway { network: NETWORK, endpoint };
		assert_ok!(send(OPERATOR, register));
		let devices = [1, 2].map(|number| Device::admitted(&maker, number));
		Self { devices: devices.into() }
	}

	/// Let a window of the first cycle in which the network has a weight pass, and seal it.
	pub(crate) fn first_batch(&self) -> Batch {
		advance_until(|| Time::cycle() > 0);
		let window = Time::now().window;
		advance_until(|| Time::now().window > window);
		self.seal(window, 0)
	}

	/// Seal the gateway's first batch: its ledger was empty before.
	pub(crate) fn seal(&self, window: Window, attempt: Attempt) -> Batch {
		let context = ask(|| <Runtime as CairnApi<Block>>::window_context(NETWORK, window))
			.expect("the window is recorded");
		let devices: Vec<_> = self
			.devices
			.iter()
			.zip(READINGS)
			.map(|(device, count)| device.report(&context, count))
			.collect();
		let slots: Vec<_> = devices.iter().map(|device| device.slot).collect();

		let mut nodes = MemoryStore::default();
		let mut ledger = Vec::new();
		let Ok(()) = store::pieces(&nodes, &slots, &mut |_| Ok(None), &mut |piece| {
			piece.encode_to(&mut ledger);
		});
		let sealed = seal::seal(&context, &rate, attempt, &devices, &mut nodes)
			.expect("the readings are sound");
		let batch = Batch { window, attempt, sealed, context, ledger, nodes };
		assert_ok!(send(OPERATOR, batch.seal_call()));
		batch
	}
}

impl Device {
	/// A device that was registered, assigned and activated.
	fn admitted(maker: &ed25519::Pair, number: u8) -> Self {
		let pair = ed25519::Pair::from_seed(&[0x10 + number; 32]);
		let key = DeviceKey::Ed25519(pair.public());
		let register = DevicesCall::register {
			network: NETWORK,
			key,
			possession: possession(&pair, &key),
			certificate: Some(certificate(maker, &key, number)),
		};
		assert_ok!(send(OWNER, register));
		let id = ask(|| <Runtime as CairnApi<Block>>::device_by_key(key)).expect("it has an id");
		assert_ok!(send(OWNER, DevicesCall::assign_gateway { device: id, gateway: GATEWAY }));
		assert_ok!(send(OWNER, DevicesCall::activate { device: id }));
		let view = ask(|| <Runtime as CairnApi<Block>>::device(id)).expect("it is known");
		let slot = view.state.assignment.expect("it has a gateway").current.slot;
		Self { id, slot, pair }
	}

	/// `count` readings, one in each of the window's first intervals.
	fn report(&self, context: &WindowContext, count: u32) -> DeviceReadings {
		let readings = (0..count).map(|number| self.reading(context, number)).collect();
		DeviceReadings { slot: self.slot, device: self.id, leaf: None, readings }
	}

	fn reading(&self, context: &WindowContext, number: u32) -> SignedReading {
		let WindowContext { network, periods, .. } = context;
		let into_window =
			periods.window_millis() * u64::from(2 * number + 1) / u64::from(2 * INTERVALS);
		let reading = Reading {
			network: network.network,
			schema: network.schema_id,
			device: self.id,
			sequence: u64::from(number) + 1,
			anchor: context.required,
			time: periods.start_of(context.window) + into_window,
			values: bounded(vec![Some(2_000 + i64::from(number))]),
		};
		let signature = self.pair.sign(&reading.message(&context.genesis));
		SignedReading { reading, signature: DeviceSignature::Ed25519(signature) }
	}
}

/// A device's proof that it belongs to [`OWNER`], for the owner's next transaction.
pub(crate) fn possession(device: &ed25519::Pair, key: &DeviceKey) -> Possession {
	let block = System::block_number() - 1;
	let hash: Hash32 = System::block_hash(block).0;
	let nonce = System::account_nonce(OWNER.to_account_id());
	let owner = OWNER.to_raw_public();
	let message = possession_message(&genesis_hash(), block, &hash, &owner, nonce, key);
	Possession { block, nonce, signature: DeviceSignature::Ed25519(device.sign(&message)) }
}

/// What [`MAKER`] states of a device, for a day.
fn certificate(maker: &ed25519::Pair, key: &DeviceKey, number: u8) -> Certificate {
	let claim = CertificateClaim {
		maker: MAKER,
		key_index: 0,
		model: bounded(b"T1".to_vec()),
		serial: bounded(vec![b'0' + number]),
		expiry: pallet_timestamp::Now::<Runtime>::get() + MILLISECS_PER_DAY,
	};
	let signature = maker.sign(&claim.message(&genesis_hash(), key));
	Certificate::V1(CertificateV1 { claim, signature })
}

impl Batch {
	/// What its gateway sends to the chain.
	pub(crate) fn seal_call(&self) -> TelemetryCall {
		let header = Header::V1(self.sealed.header.clone());
		TelemetryCall::seal { gateway: GATEWAY, window: self.window, header }
	}

	/// What the chain keeps of it.
	pub(crate) fn record(&self) -> BatchRecord {
		pallet_telemetry::Batches::<Runtime>::get((GATEWAY, self.window, self.attempt))
			.expect("it was sealed")
	}

	/// What its committee is drawn by, once it is known.
	pub(crate) fn seed(&self) -> Option<Hash32> {
		let BatchRecord { header_hash, sealed_in, .. } = self.record();
		let subject =
			(b"cairn/committee", GATEWAY, self.window, self.attempt, header_hash).encode();
		Entropy::seed(&subject, sealed_in)
	}

	/// What the committee's only member says who could not get the bytes.
	pub(crate) fn excuse(&self) -> VerdictClaim {
		let BatchRecord { header_hash, session, .. } = self.record();
		VerdictClaim {
			gateway: GATEWAY,
			window: self.window,
			attempt: self.attempt,
			header_hash,
			session,
			member: 0,
			verdict: Verdict::Unavailable,
			tag: Hash32::default(),
		}
	}

	/// What that member says who checked the bytes against the registry.
	pub(crate) fn verdict(&self) -> VerdictClaim {
		let claim = self.excuse();
		let header = &self.sealed.header;
		let seed = self.seed().expect("the committee is drawn");
		let chunk = chunk_index(&seed, claim.member, header.payload_size);
		let registry = |slot: Slot| Telemetry::slot_facts(GATEWAY, slot, self.window);
		let (ledger, payload) = (self.ledger.as_slice(), self.sealed.payload.as_slice());
		let checked = check(&self.context, header, chunk, &registry, &rate, ledger, payload)
			.expect("all bytes are at hand");
		VerdictClaim {
			verdict: checked.fault.map_or(Verdict::Valid, Verdict::Invalid),
			tag: tag(&claim.header_hash, claim.member, &checked.chunk),
			..claim
		}
	}

	/// Let the committee be drawn, and its member say that the batch is valid: for nothing.
	pub(crate) fn attest(&self) {
		advance_until(|| self.seed().is_some());
		let verdict = self.verdict();
		assert_eq!(verdict.verdict, Verdict::Valid);
		let issuance = pallet_balances::TotalIssuance::<Runtime>::get();
		assert_eq!(apply(vote(verdict, Sr25519Keyring::Alice)), Ok(Ok(())));
		assert_eq!(pallet_balances::TotalIssuance::<Runtime>::get(), issuance);
	}

	/// For each slot, the proof of everything that it has earned so far.
	pub(crate) fn claims(&self) -> Vec<Claim> {
		let claim = |(slot, leaf): &(Slot, Leaf)| {
			let Ok(proof) = store::prove(&self.nodes, *slot);
			Claim {
				gateway: GATEWAY,
				window: self.window,
				slot: *slot,
				account: leaf.account.clone(),
				data: leaf.data.hash(),
				proof,
			}
		};
		self.sealed.leaves.iter().map(claim).collect()
	}
}

/// A verdict as an off-chain worker submits it, signed by `member`'s key.
pub(crate) fn vote(claim: VerdictClaim, member: Sr25519Keyring) -> UncheckedExtrinsic {
	let signature = member.sign(&claim.message(&genesis_hash())).into();
	general(TelemetryCall::submit_verdict { claim, signature })
}
