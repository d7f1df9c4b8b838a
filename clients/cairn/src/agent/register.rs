//! Putting this device on the chain: registered, active, assigned. Each step only if it is missing,
//! so that it may be repeated.

use cairn_chain::{At, Chain, Error as ChainError, Signer, SubmitOptions, calls};
use cairn_types::{DeviceId, GatewayId, NetworkId, view::DeviceFacts};

use super::{error::Error, key::DevicePair, proof::Occasion, root::P256Signer};

/// What a device is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
	/// In this network.
	pub network: NetworkId,
	/// At this gateway.
	pub gateway: GatewayId,
}

/// A step that is still to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
	Activate,
	Assign,
}

/// Register the device of `pair` for `owner`, with a root key if there is one, activate it and assign
/// it to a gateway; returns its id.
///
/// # Errors
/// If the chain refuses a step, or the device belongs to somebody else.
pub async fn ensure(
	chain: &Chain,
	owner: &Signer,
	pair: &DevicePair,
	root: Option<&P256Signer>,
	wish: Wish,
) -> Result<DeviceId, Error> {
	let device = match chain.device_by_key(&pair.public(), At::Best).await? {
		Some(device) => {
			tracing::info!(%device, "the device is registered");
			device
		},
		None => Box::pin(register(chain, owner, pair, root, wish.network)).await?,
	};
	let view = chain.device(device, At::Best).await?.ok_or_else(|| missing(device))?;
	if view.owner != owner.account() {
		let owner = cairn_chain::account_text(&view.owner);
		return Err(Error::Registration {
			device,
			cause: format!("belongs to {owner}"),
			remedy: "give that account's key with --owner-key, or use another device key",
		});
	}
	if view.state.network != wish.network {
		return Err(Error::Registration {
			device,
			cause: format!("is in network {}", view.state.network),
			remedy: "name that network, or use another device key",
		});
	}
	let next = chain.clock(At::Best).await?.now.window.saturating_add(1);
	let facts = chain.device_facts(device, next, At::Best).await?.ok_or_else(|| missing(device))?;
	for step in steps(&facts, wish.gateway) {
		take(chain, owner, device, wish.gateway, step).await?;
	}
	Ok(device)
}

/// What is missing. Pure.
fn steps(facts: &DeviceFacts, gateway: GatewayId) -> Vec<Step> {
	let assigned = facts.assignment.is_some_and(|place| place.gateway == gateway);
	let missing = [(!facts.active, Step::Activate), (!assigned, Step::Assign)];
	missing.into_iter().filter_map(|(missing, step)| missing.then_some(step)).collect()
}

async fn register(
	chain: &Chain,
	owner: &Signer,
	pair: &DevicePair,
	root: Option<&P256Signer>,
	network: NetworkId,
) -> Result<DeviceId, Error> {
	let genesis = chain.genesis().await?;
	let key = &pair.public();
	let call = |nonce| async move {
		let block = chain.finalized().await?;
		let occasion = Occasion { genesis, block, owner: owner.account(), nonce };
		let possession = occasion.prove(pair);
		let Some(root) = root else {
			return Ok(calls::devices::register(network, key, &possession, None));
		};
		let delegation = occasion.delegate(root, key).await?;
		let call = calls::devices::register_rooted(network, key, &possession, &delegation, None);
		Ok::<_, Error>(call)
	};
	let outcome = chain.submit_made(owner, SubmitOptions::default(), call).await?;
	let device = chain.device_by_key(key, At::Block(outcome.block)).await?;
	let device = device.ok_or_else(|| ChainError::NotIncluded {
		cause: "the chain does not show the registered device".to_owned(),
	})?;
	tracing::info!(%device, block = outcome.number, "registered the device");
	Ok(device)
}

async fn take(
	chain: &Chain,
	owner: &Signer,
	device: DeviceId,
	gateway: GatewayId,
	step: Step,
) -> Result<(), Error> {
	let call = match step {
		Step::Activate => calls::devices::activate(device),
		Step::Assign => calls::devices::assign_gateway(device, gateway),
	};
	chain.submit(&call, owner, SubmitOptions::default()).await?;
	match step {
		Step::Activate => tracing::info!(%device, "activated; it holds from the next window"),
		Step::Assign => {
			tracing::info!(%device, %gateway, "assigned; it holds from the next window")
		},
	}
	Ok(())
}

fn missing(device: DeviceId) -> Error {
	Error::Registration {
		device,
		cause: "is not on the chain any more".to_owned(),
		remedy: "run again: it will be registered anew",
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_types::{DeviceKey, view::Assignment};
	use sp_core::ed25519;

	#[test]
	fn only_missing_steps_are_taken() {
		let facts = |active, gateway: Option<u32>| DeviceFacts {
			device: DeviceId(1),
			network: NetworkId(1),
			key: DeviceKey::Ed25519(ed25519::Public::from_raw([1; 32])),
			active,
			assignment: gateway.map(|id| Assignment { gateway: GatewayId(id), slot: 0 }),
		};
		let steps = |active, gateway| steps(&facts(active, gateway), GatewayId(7));
		assert_eq!(steps(false, None), [Step::Activate, Step::Assign]);
		assert_eq!(steps(true, Some(6)), [Step::Assign]);
		assert_eq!(steps(false, Some(7)), [Step::Activate]);
		assert_eq!(steps(true, Some(7)), []);
	}
}
