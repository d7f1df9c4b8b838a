//! What a demo puts on a fresh chain: a schema, a maker, a network, a gateway and a device.

use cairn_chain::{Call, Chain, Outcome, Signer, SubmitOptions, calls};
use cairn_types::{
	CertificateClaim, CertifierKey, DeviceId, DeviceKey, GatewayId, MakerId, MeterRule,
	NetworkConfig, NetworkId, SchemaId, meter::Admission,
};
use sp_core::bounded::BoundedVec;

use crate::{
	agent::{DevicePair, Scheme, host_schema},
	clock::now_millis,
	owner::{
		OwnerError, certificate, device, gateway, maker_registered, network_created,
		schema_published, session::missing_event,
	},
};

/// Intervals of a window in which the device has to report. It reports each second; windows last six.
const EXPECTED: u16 = 3;
/// Units of a window in which it reports in each of them.
const CAP: u64 = 1_000;
/// How long the device's certificate is good.
const CERTIFICATE_MILLIS: u64 = 86_400_000;
/// Seed of the maker's certification key. It certifies a demo's device, and protects nothing.
const MAKER_SEED: [u8; 32] = *b"the maker of the demo's devices.";

/// Who does what: accounts that a development chain endows. Each sends its own transactions, so that
/// none waits for another's.
pub(crate) struct Cast {
	/// Maker, and operator of the network.
	pub(crate) operator: Signer,
	/// Operator of the gateway: seals.
	pub(crate) sealer: Signer,
	/// Owner of the device: claims.
	pub(crate) owner: Signer,
}

/// Secret of the gateway's operator.
pub(crate) const SEALER_SECRET: &str = "//Charlie";

impl Cast {
	/// The accounts.
	///
	/// # Errors
	/// Never, as long as development keys are secrets.
	pub(crate) fn new() -> Result<Self, OwnerError> {
		Ok(Self {
			operator: Signer::from_suri("//Alice")?,
			sealer: Signer::from_suri(SEALER_SECRET)?,
			owner: Signer::from_suri("//Bob")?,
		})
	}
}

/// A network that a demo created, and its maker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground {
	/// What its devices report.
	pub(crate) schema: SchemaId,
	/// Who certifies them.
	pub(crate) maker: MakerId,
	/// The network.
	pub(crate) network: NetworkId,
}

async fn send(chain: &Chain, call: &Call, signer: &Signer) -> Result<Outcome, OwnerError> {
	Ok(Box::pin(chain.submit(call, signer, SubmitOptions::default())).await?)
}

/// The maker's certification key.
fn maker_pair() -> DevicePair {
	DevicePair::from_seed(Scheme::Ed25519, &MAKER_SEED)
}

/// Publish a schema, register a maker, create a network that admits its devices.
///
/// # Errors
/// If the chain refuses one of them.
pub(crate) async fn ground(chain: &Chain, operator: &Signer) -> Result<Ground, OwnerError> {
	let DeviceKey::Ed25519(certifies) = maker_pair().public() else {
		return Err(OwnerError::refused("the maker's key is not ed25519", "report it"));
	};
	let publish = calls::schemas::publish(&host_schema());
	let become_maker = calls::devices::register_maker(&CertifierKey::Ed25519(certifies));
	let both = chain.batch(&[publish, become_maker]).await?;
	let outcome = send(chain, &both, operator).await?;
	let (schema, maker) = (schema_published(&outcome)?, maker_registered(&outcome)?);
	let config = NetworkConfig {
		schema,
		meter: MeterRule::Uptime { expected: EXPECTED, cap: CAP },
		admission: Admission::Certified(BoundedVec::truncate_from(vec![maker])),
	};
	let name = BoundedVec::truncate_from(b"demo".to_vec());
	let outcome = send(chain, &calls::networks::create(&name, &config), operator).await?;
	let (network, _) = network_created(&outcome)?;
	Ok(Ground { schema, maker, network })
}

/// Register a gateway for the network.
///
/// # Errors
/// If the chain refuses it.
pub(crate) async fn register_gateway(
	chain: &Chain,
	sealer: &Signer,
	network: NetworkId,
	url: &str,
) -> Result<GatewayId, OwnerError> {
	let call = calls::telemetry::register_gateway(network, &gateway::endpoint(url)?);
	gateway::registered(&send(chain, &call, sealer).await?)
}

/// Certify a device's key and register the device.
///
/// # Errors
/// If the chain refuses it.
pub(crate) async fn register_device(
	chain: &Chain,
	owner: &Signer,
	ground: Ground,
	pair: &DevicePair,
) -> Result<DeviceId, OwnerError> {
	let genesis = chain.genesis().await?;
	let claim = CertificateClaim {
		maker: ground.maker,
		key_index: 0,
		model: BoundedVec::truncate_from(b"demo".to_vec()),
		serial: BoundedVec::truncate_from(b"0001".to_vec()),
		expiry: now_millis().saturating_add(CERTIFICATE_MILLIS),
	};
	let key = pair.public();
	let certificate = certificate::sign(&maker_pair(), &genesis, &key, claim)?;
	let nonce = chain.next_nonce(&owner.account()).await?;
	let block = chain.finalized().await?;
	let possession = device::prove(pair, &genesis, block, &owner.account(), nonce);
	let call = calls::devices::register(ground.network, &key, &possession, Some(&certificate));
	let options = SubmitOptions { nonce: Some(nonce), ..SubmitOptions::default() };
	let outcome = Box::pin(chain.submit(&call, owner, options)).await?;
	device::registered(&outcome)
}

/// Assign the device to the gateway and activate it; returns the first window of both.
///
/// # Errors
/// If the chain refuses one of them.
pub(crate) async fn put_to_work(
	chain: &Chain,
	owner: &Signer,
	device: DeviceId,
	gateway: GatewayId,
) -> Result<u32, OwnerError> {
	let assign = calls::devices::assign_gateway(device, gateway);
	let activate = calls::devices::activate(device);
	let both = chain.batch(&[assign, activate]).await?;
	let outcome = send(chain, &both, owner).await?;
	let event = outcome.find::<(DeviceId, u32, u32)>("Devices", "Activated");
	event.map(|(_, from, _)| from).ok_or_else(|| missing_event("Devices.Activated"))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_meter_fits_the_schema() {
		let meter = MeterRule::Uptime { expected: EXPECTED, cap: CAP };
		assert_eq!(meter.check(&host_schema()), Ok(()));
		assert!(matches!(maker_pair().public(), DeviceKey::Ed25519(_)));
	}

	#[test]
	fn everybody_has_an_account_of_their_own() {
		let cast = Cast::new().expect("development keys");
		let accounts = [&cast.operator, &cast.sealer, &cast.owner].map(Signer::account);
		let distinct = accounts.iter().collect::<std::collections::BTreeSet<_>>();
		assert_eq!(distinct.len(), 3);
	}
}
