//! Set-up by extrinsics of the development accounts, and extrinsics that must fail.

use std::time::Duration;

use cairn::agent::DevicePair;
use cairn_chain::{At, BlockId, Call, Chain, Error, Outcome, Signer, SubmitOptions, calls};
use cairn_types::{
	Admission, Certificate, CertificateClaim, CertificateV1, CertifierKey, Channel, ChannelKind,
	DeviceId, GatewayId, Hash32, MakerId, MeterRule, NetworkConfig, NetworkId, Possession,
	Quantity, Schema, SchemaId, Slot, Unit, certificate::possession_message,
};
use codec::Encode;
use futures::future::LocalBoxFuture;
use sp_core::{ConstU32, Pair, bounded::BoundedVec, ed25519};
use tokio::time::timeout;

use super::wait::{now_millis, until};

/// Intervals of a window that a device may hit, and what hitting all of them is worth.
pub(crate) const EXPECTED: u64 = 6;
pub(crate) const CAP: u64 = 600;

/// How long an answer or a transaction may take.
const ANSWER: Duration = Duration::from_secs(120);
/// How long a place may take to hold: until the next window begins.
const PLACED: Duration = Duration::from_secs(60);
const YEAR_MILLIS: u64 = 365 * 24 * 3_600 * 1_000;

/// Bytes as the chain's types hold them.
pub(crate) fn bounded<const N: u32>(bytes: &[u8]) -> BoundedVec<u8, ConstU32<N>> {
	BoundedVec::try_from(bytes.to_vec()).expect("short enough")
}

/// A development account.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn account(suri: &str) -> Signer {
	Signer::from_suri(suri).expect("a development key")
}

/// What the chain answers; without an answer the test fails.
pub(crate) fn of<'a, T: 'a>(
	answer: impl Future<Output = Result<T, Error>> + 'a,
) -> LocalBoxFuture<'a, T> {
	Box::pin(async move {
		let answer = timeout(ANSWER, answer).await.expect("an answer of the chain in time");
		answer.unwrap_or_else(|error| panic!("{error}"))
	})
}

/// Send a call that must succeed.
///
/// # Panics
/// If it does not.
pub fn send<'a>(
	chain: &'a Chain,
	call: &'a Call,
	signer: &'a Signer,
) -> LocalBoxFuture<'a, Outcome> {
	of(chain.submit(call, signer, SubmitOptions::default()))
}

/// Send a call that must succeed, and wait until its block is final: other accounts rely on what it
/// does, and a reorganisation may bring their calls into a block before it.
///
/// # Panics
/// If it does not succeed.
pub fn settle<'a>(
	chain: &'a Chain,
	call: &'a Call,
	signer: &'a Signer,
) -> LocalBoxFuture<'a, Outcome> {
	of(chain.submit(call, signer, SubmitOptions::finalized()))
}

/// Send a call that must fail; returns the name of its error.
pub(crate) fn refused<'a>(
	chain: &'a Chain,
	call: &'a Call,
	signer: &'a Signer,
) -> LocalBoxFuture<'a, String> {
	Box::pin(async move {
		let sent = chain.submit(call, signer, SubmitOptions::default());
		match timeout(ANSWER, Box::pin(sent)).await.expect("a result in time") {
			Ok(_) => panic!("{} was executed", call.name()),
			Err(error) => {
				let name = error.dispatch_name().map(str::to_owned);
				name.unwrap_or_else(|| panic!("{} did not get into a block: {error}", call.name()))
			},
		}
	})
}

/// A gauge or counter of any value.
pub(crate) fn channel(
	name: &str,
	quantity: Quantity,
	unit: Unit,
	scale: i8,
	kind: ChannelKind,
) -> Channel {
	let name = bounded(name.as_bytes());
	Channel { name, quantity, unit, scale, kind, min: 0, max: i64::MAX, max_change: None }
}

/// A schema of these channels.
pub(crate) fn schema(channels: Vec<Channel>) -> Schema {
	let channels = BoundedVec::try_from(channels).expect("at most 16");
	Schema { name: bounded(b"end-to-end"), version: 1, channels }
}

/// A network of certified devices, metered by uptime.
pub(crate) struct Network {
	pub(crate) genesis: Hash32,
	pub(crate) id: NetworkId,
	pub(crate) schema_id: SchemaId,
	pub(crate) channels: usize,
	maker: MakerId,
	maker_key: ed25519::Pair,
}

impl Network {
	/// Register a maker, publish `schema`, create the network.
	pub(crate) async fn create(chain: &Chain, schema: &Schema) -> Self {
		let operator = account("//Charlie");
		let maker_key = ed25519::Pair::from_seed(&[200; 32]);
		let key = CertifierKey::Ed25519(maker_key.public());
		let call = calls::devices::register_maker(&key);
		let outcome = send(chain, &call, &operator).await;
		let maker = outcome.find("Devices", "MakerRegistered").expect("a maker");
		let outcome = send(chain, &calls::schemas::publish(schema), &operator).await;
		let schema_id = outcome.find("Schemas", "Published").expect("a schema");
		let cap = CAP;
		let expected = u16::try_from(EXPECTED).expect("small");
		let config = NetworkConfig {
			schema: schema_id,
			meter: MeterRule::Uptime { expected, cap },
			admission: Admission::Certified(BoundedVec::truncate_from(vec![maker])),
		};
		let call = calls::networks::create(&bounded(b"end-to-end"), &config);
		let outcome = settle(chain, &call, &operator).await;
		let id = outcome.find("Networks", "Created").expect("a network");
		let genesis = of(chain.genesis()).await;
		let channels = schema.channels.len();
		Self { genesis, id, schema_id, channels, maker, maker_key }
	}

	/// Register a gateway.
	pub(crate) async fn gateway(&self, chain: &Chain, operator: &Signer) -> GatewayId {
		let endpoint = bounded(b"http://127.0.0.1:9977");
		let call = calls::telemetry::register_gateway(self.id, &endpoint);
		let outcome = settle(chain, &call, operator).await;
		outcome.find("Telemetry", "GatewayRegistered").expect("a gateway")
	}

	/// Register a device that this network's maker certifies.
	pub(crate) async fn register(
		&self,
		chain: &Chain,
		owner: &Signer,
		pair: &DevicePair,
	) -> DeviceId {
		let key = pair.public();
		let claim = CertificateClaim {
			maker: self.maker,
			key_index: 0,
			model: bounded(b"end-to-end"),
			serial: BoundedVec::truncate_from(key.encode()),
			expiry: now_millis() + YEAR_MILLIS,
		};
		let signature = self.maker_key.sign(&claim.message(&self.genesis, &key));
		let certificate = Certificate::V1(CertificateV1 { claim, signature });
		let owned_by = owner.account();
		let call = |nonce| {
			let (key, certificate, owned_by) = (&key, &certificate, &owned_by);
			async move {
				// Final: a proof that names another block dies with it in a reorganisation.
				let BlockId { number: block, hash } = chain.finalized().await?;
				let message = possession_message(&self.genesis, block, &hash, owned_by, nonce, key);
				let possession = Possession { block, nonce, signature: pair.sign(&message) };
				Ok(calls::devices::register(self.id, key, &possession, Some(certificate)))
			}
		};
		let outcome = of(chain.submit_made(owner, SubmitOptions::default(), call)).await;
		outcome.find("Devices", "Registered").expect("a device")
	}

	/// Let devices of `owner` report to `gateway` from the next window on.
	pub(crate) async fn assign(
		&self,
		chain: &Chain,
		owner: &Signer,
		devices: &[DeviceId],
		gateway: GatewayId,
	) {
		let calls = devices.iter().flat_map(|device| {
			[calls::devices::activate(*device), calls::devices::assign_gateway(*device, gateway)]
		});
		let calls = calls.collect::<Vec<_>>();
		let batch = of(chain.batch(&calls)).await;
		send(chain, &batch, owner).await;
	}
}

/// Wait until a device's place holds in the chain's window and it is active there; returns its slot.
pub(crate) async fn placed(chain: &Chain, device: DeviceId) -> Slot {
	until("a device's place", PLACED, async || {
		let clock = Box::pin(chain.clock(At::Best)).await.ok()?;
		let facts =
			Box::pin(chain.device_facts(device, clock.now.window, At::Best)).await.ok()??;
		facts.assignment.filter(|_| facts.active).map(|place| place.slot)
	})
	.await
}
