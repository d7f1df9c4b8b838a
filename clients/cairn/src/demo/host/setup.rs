//! What the host's story puts on a fresh chain: a schema, a network and a device.

use cairn_chain::{Chain, Signer, SubmitOptions, calls};
use cairn_types::{
	DeviceId, GatewayId, MakerId, MeterRule, NetworkConfig, NetworkId, SchemaId, meter::Admission,
};
use sp_core::bounded::BoundedVec;

use crate::{
	agent::{DevicePair, Occasion, host_schema},
	demo::setup::{become_maker, certify, send},
	owner::{
		OwnerError, device, maker_registered, network_created, schema_published,
		session::missing_event,
	},
};

/// Intervals of a window in which the device has to report. It reports each second; windows last six.
const EXPECTED: u16 = 3;
/// Units of a window in which it reports in each of them.
const CAP: u64 = 1_000;

/// Who does what: accounts that a development chain endows. Each sends its own transactions, so that
/// none waits for another's.
pub(super) struct Cast {
	/// Maker, and operator of the network.
	pub(super) operator: Signer,
	/// Operator of the gateway: seals.
	pub(super) sealer: Signer,
	/// Owner of the device: claims.
	pub(super) owner: Signer,
}

/// Secret of the gateway's operator.
pub(super) const SEALER_SECRET: &str = "//Charlie";

impl Cast {
	/// The accounts.
	///
	/// # Errors
	/// Never, as long as development keys are secrets.
	pub(super) fn new() -> Result<Self, OwnerError> {
		Ok(Self {
			operator: Signer::from_suri("//Alice")?,
			sealer: Signer::from_suri(SEALER_SECRET)?,
			owner: Signer::from_suri("//Bob")?,
		})
	}
}

/// A network that a demo created, and its maker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground {
	/// What its devices report.
	pub(super) schema: SchemaId,
	/// Who certifies them.
	pub(super) maker: MakerId,
	/// The network.
	pub(super) network: NetworkId,
}

/// Publish a schema, register a maker, create a network that admits its devices.
///
/// # Errors
/// If the chain refuses one of them.
pub(super) async fn ground(chain: &Chain, operator: &Signer) -> Result<Ground, OwnerError> {
	let publish = calls::schemas::publish(&host_schema());
	let both = chain.batch(&[publish, become_maker()?]).await?;
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

/// Certify a device's key and register the device.
///
/// # Errors
/// If the chain refuses it.
pub(super) async fn register_device(
	chain: &Chain,
	owner: &Signer,
	ground: Ground,
	pair: &DevicePair,
) -> Result<DeviceId, OwnerError> {
	let genesis = chain.genesis().await?;
	let key = pair.public();
	let certificate = certify(&genesis, ground.maker, &key, "0001")?;
	let (key, certificate) = (&key, &certificate);
	let call = |nonce| async move {
		let block = chain.finalized().await?;
		let occasion = Occasion { genesis, block, owner: owner.account(), nonce };
		let possession = occasion.prove(pair);
		let call = calls::devices::register(ground.network, key, &possession, Some(certificate));
		Ok::<_, OwnerError>(call)
	};
	let sent = chain.submit_made(owner, SubmitOptions::default(), call);
	let outcome = Box::pin(sent).await?;
	device::registered(&outcome)
}

/// Assign the device to the gateway and activate it; returns the first window of both.
///
/// # Errors
/// If the chain refuses one of them.
pub(super) async fn put_to_work(
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
	}

	#[test]
	fn everybody_has_an_account_of_their_own() {
		let cast = Cast::new().expect("development keys");
		let accounts = [&cast.operator, &cast.sealer, &cast.owner].map(Signer::account);
		let distinct = accounts.iter().collect::<std::collections::BTreeSet<_>>();
		assert_eq!(distinct.len(), 3);
	}
}
