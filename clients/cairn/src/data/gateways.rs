//! Which gateways are asked: those that are named, or all that the chain lists.

use cairn_chain::{At, Chain, views::GatewayView};
use cairn_types::{GatewayId, Hash32, NetworkId};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
	owner::{OwnerError, format, parse, served::Served},
	protocol::AnchorInfo,
};

/// Most gateways of the chain that one question goes to.
pub(super) const MOST: usize = 256;
/// Questions to the node at once.
const AT_ONCE: usize = 8;

/// A gateway that may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
	/// Its id, if the chain lists it.
	pub(super) id: Option<GatewayId>,
	/// Where it is.
	pub(super) url: String,
}

/// A gateway that answers.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
	/// Its id, as it says.
	pub(crate) id: GatewayId,
	/// The network that it serves, as it says.
	pub(crate) network: NetworkId,
	/// Its interface.
	pub(super) served: Served,
}

/// The gateways of the chain that have not been retired, of these networks or of all.
///
/// # Errors
/// If the node does not answer, or there is none, or there are too many.
pub(super) async fn of_chain(
	chain: &Chain,
	networks: &[NetworkId],
) -> Result<Vec<Listed>, OwnerError> {
	let ids = chain.gateway_ids(At::Best).await?;
	let views = stream::iter(ids).map(|id| chain.gateway(id, At::Best)).buffered(AT_ONCE);
	let views = views.try_collect::<Vec<Option<GatewayView>>>().await?;
	let listed = listed(views.into_iter().flatten(), networks);
	match listed.len() {
		0 => Err(OwnerError::not_found(
			"gateway that serves what is asked for",
			"look the network up with `cairn network show ID`; name a gateway with --gateway URL",
		)),
		1..=MOST => Ok(listed),
		count => Err(OwnerError::usage(
			format!("the chain lists {count} gateways; at most {MOST} are asked at once"),
			"choose networks with --network ID, or gateways with --gateway URL",
		)),
	}
}

/// The gateway of an id, where the chain says that it is; `None` if the chain has none.
///
/// # Errors
/// If the node does not answer.
pub(super) async fn of_id(chain: &Chain, id: GatewayId) -> Result<Option<Listed>, OwnerError> {
	let view = chain.gateway(id, At::Best).await?;
	Ok(view.map(Listed::from))
}

/// Those of the chain's gateways that are asked. Pure.
fn listed(views: impl Iterator<Item = GatewayView>, networks: &[NetworkId]) -> Vec<Listed> {
	let wanted = views
		.filter(|view| !view.retired && (networks.is_empty() || networks.contains(&view.network)));
	wanted.map(Listed::from).collect()
}

impl From<GatewayView> for Listed {
	fn from(view: GatewayView) -> Self {
		// An endpoint is what its operator has written.
		Self { id: Some(view.gateway), url: format::text(&view.endpoint) }
	}
}

impl Listed {
	/// One that is named by its address.
	pub(super) fn named(url: &str) -> Self {
		Self { id: None, url: url.to_owned() }
	}

	/// Ask it who it is.
	///
	/// - `genesis`: the chain's, if that is known.
	///
	/// # Errors
	/// If it does not answer, is another one than the chain lists there, or serves another chain.
	pub(super) async fn meet(&self, genesis: Option<Hash32>) -> Result<Gateway, OwnerError> {
		let failed = |cause: String, remedy: &str| OwnerError::Gateway {
			url: self.url.clone(),
			cause,
			remedy: remedy.to_owned(),
		};
		let url = parse::url(&self.url).map_err(|cause| {
			failed(
				format!("cannot be asked: {cause}"),
				"its operator has to correct it: cairn gateway endpoint ID URL",
			)
		})?;
		let served = Served::new(&url)?;
		let AnchorInfo { gateway: id, network, genesis: own, .. } = served.anchor().await?;
		if let Some(listed) = self.id.filter(|listed| *listed != id) {
			return Err(failed(
				format!("is gateway {id}, where the chain lists gateway {listed}"),
				"its operator has to correct it: cairn gateway endpoint ID URL",
			));
		}
		if genesis.is_some_and(|genesis| genesis != own) {
			return Err(failed(
				"serves another chain than the node's".to_owned(),
				"name a node of its chain with --node, or another gateway",
			));
		}
		Ok(Gateway { id, network, served })
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::gateway::testing::{GATEWAY, GENESIS, Served as Gateways, state};

	fn view(id: u32, network: u32, retired: bool) -> GatewayView {
		let endpoint = format!("http://gateway-{id}.example").into_bytes();
		GatewayView {
			gateway: GatewayId(id),
			network: NetworkId(network),
			retired,
			endpoint,
			..state().gateway
		}
	}

	#[test]
	fn gateways_are_chosen_by_network() {
		let views = || [view(0, 1, false), view(1, 2, false), view(2, 1, true)].into_iter();
		let ids = |networks: &[NetworkId]| {
			let listed = listed(views(), networks);
			listed.into_iter().filter_map(|listed| listed.id).collect::<Vec<_>>()
		};
		assert_eq!(ids(&[]), [GatewayId(0), GatewayId(1)]);
		assert_eq!(ids(&[NetworkId(1), NetworkId(9)]), [GatewayId(0)]);
		assert!(ids(&[NetworkId(3)]).is_empty());
		let first = listed(views(), &[]).into_iter().next().expect("two");
		assert_eq!(first.url, "http://gateway-0.example");
	}

	#[tokio::test]
	async fn a_gateway_says_who_it_is() {
		let running = Gateways::start(Some(state()), 9).await;
		let url = running.url("");
		let met = Listed::named(&url).meet(Some(GENESIS)).await.expect("it answers");
		assert_eq!((met.id, met.network), (GATEWAY, NetworkId(1)));

		let error = Listed::named(&url).meet(Some([1; 32])).await.expect_err("another chain");
		assert!(error.to_string().contains("serves another chain"), "{error}");
		let other = Listed { id: Some(GatewayId(8)), url: url.clone() };
		let error = other.meet(None).await.expect_err("another gateway");
		assert!(error.to_string().contains("is gateway 3, where the chain lists"), "{error}");
		let nowhere = Listed { id: Some(GatewayId(8)), url: "0x1b".to_owned() };
		let error = nowhere.meet(None).await.expect_err("no URL").to_string();
		assert!(error.contains("cannot be asked") && error.contains("Remedy: "), "{error}");
	}
}
