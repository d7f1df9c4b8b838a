//! Which gateways are asked: those that are named, or those that the chain lists.

use std::{collections::BTreeMap, time::Duration};

use cairn_chain::{At, Chain, views::GatewayView};
use cairn_types::{GatewayId, Hash32, NetworkId};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
	owner::{OwnerError, format, outside::Bounds, parse, patience::Patience, served::Served},
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
	/// The network that it serves, if the chain lists it.
	pub(super) network: Option<NetworkId>,
	/// Where it is.
	pub(super) url: String,
}

/// Whom a question goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listing {
	/// These.
	pub(super) listed: Vec<Listed>,
	/// How many others of the chain it does not go to, because they are too many.
	pub(super) left_out: usize,
}

/// How the gateways of a question are asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
	/// The chain's first block, if the chain is known.
	pub(super) genesis: Option<Hash32>,
	/// Where endpoints that the chain lists may lead.
	pub(super) bounds: Bounds,
	/// How long each may take in all.
	pub(super) time: Duration,
}

/// A gateway that answers.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
	/// Its id, as it says.
	pub(crate) id: GatewayId,
	/// The network that it serves, as it says; if the chain lists it, the chain says so, too.
	pub(crate) network: NetworkId,
	/// Its interface.
	pub(super) served: Served,
}

/// The gateways of the chain that have not been retired, of these networks or of all.
///
/// # Errors
/// If the node does not answer, or there is none.
pub(super) async fn of_chain(chain: &Chain, networks: &[NetworkId]) -> Result<Listing, OwnerError> {
	let ids = chain.gateway_ids(At::Best).await?;
	let views = stream::iter(ids).map(|id| chain.gateway(id, At::Best)).buffered(AT_ONCE);
	let views = views.try_collect::<Vec<Option<GatewayView>>>().await?;
	let listing = choose(views.into_iter().flatten(), networks, MOST);
	if listing.listed.is_empty() {
		return Err(OwnerError::not_found(
			"gateway that serves what is asked for",
			"look the network up with `cairn network show ID`; name a gateway with --gateway URL",
		));
	}
	Ok(listing)
}

/// The gateway of an id, where the chain says that it is; `None` if the chain has none.
///
/// # Errors
/// If the node does not answer.
pub(super) async fn of_id(chain: &Chain, id: GatewayId) -> Result<Option<Listed>, OwnerError> {
	let view = chain.gateway(id, At::Best).await?;
	Ok(view.map(Listed::from))
}

/// Those of the chain's gateways that are asked, by their ids. If they are more than `most`, one half is
/// those that were registered first: nobody displaces them who comes later, with however many networks.
/// The other half is the first of each network: nobody displaces them with a crowd in one. Pure.
fn choose(
	views: impl Iterator<Item = GatewayView>,
	networks: &[NetworkId],
	most: usize,
) -> Listing {
	let is_wanted = |view: &GatewayView| {
		!view.retired && (networks.is_empty() || networks.contains(&view.network))
	};
	let mut wanted = views.filter(is_wanted).collect::<Vec<_>>();
	wanted.sort_by_key(|view| view.gateway);
	let mut counts = BTreeMap::<NetworkId, usize>::new();
	let ranked = wanted.into_iter().enumerate().map(|(place, view)| {
		let count = counts.entry(view.network).or_default();
		*count = count.saturating_add(1);
		(if place < most / 2 { 0 } else { *count }, view)
	});
	let mut ranked = ranked.collect::<Vec<_>>();
	ranked.sort_by_key(|(rank, view)| (*rank, view.gateway));
	let left_out = ranked.len().saturating_sub(most);
	ranked.truncate(most);
	ranked.sort_by_key(|(_, view)| view.gateway);
	Listing { listed: ranked.into_iter().map(|(_, view)| Listed::from(view)).collect(), left_out }
}

impl From<GatewayView> for Listed {
	fn from(view: GatewayView) -> Self {
		// An endpoint is what its operator has written.
		let url = format::text(&view.endpoint);
		Self { id: Some(view.gateway), network: Some(view.network), url }
	}
}

impl Listed {
	/// One that is named by its address.
	pub(super) fn named(url: &str) -> Self {
		Self { id: None, network: None, url: url.to_owned() }
	}

	/// Ask it who it is.
	///
	/// # Errors
	/// If it is not to be asked, does not answer, is another one than the chain lists there, or serves
	/// another chain, or another network than the chain says.
	pub(super) async fn meet(&self, manner: Manner) -> Result<Gateway, OwnerError> {
		let failed = |cause: String, remedy: &str| OwnerError::Gateway {
			url: self.url.clone(),
			cause,
			remedy: remedy.to_owned(),
		};
		let served = match self.id {
			Some(_) => Served::listed(&self.url, manner.bounds)?,
			None => {
				let url = parse::url(&self.url);
				let url = url.map_err(|cause| {
					failed(format!("cannot be asked: {cause}"), "name it by its address")
				})?;
				Served::new(&url)?
			},
		};
		let served = served.with_patience(Patience::new(manner.time));
		let AnchorInfo { gateway: id, network, genesis: own, .. } = served.anchor().await?;
		if let Some(listed) = self.id.filter(|listed| *listed != id) {
			return Err(failed(
				format!("is gateway {id}, where the chain lists gateway {listed}"),
				"its operator has to correct it: cairn gateway endpoint ID URL",
			));
		}
		if manner.genesis.is_some_and(|genesis| genesis != own) {
			return Err(failed(
				"serves another chain than the node's".to_owned(),
				"name a node of its chain with --node, or another gateway",
			));
		}
		if let Some(listed) = self.network.filter(|listed| *listed != network) {
			return Err(failed(
				format!("serves network {network}, where the chain lists network {listed}"),
				"ask the other gateways that the chain lists for the network",
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

	fn ids(listing: &Listing) -> Vec<u32> {
		listing.listed.iter().filter_map(|listed| listed.id).map(|id| id.0).collect()
	}

	#[test]
	fn gateways_are_chosen_by_network() {
		let views = || [view(0, 1, false), view(1, 2, false), view(2, 1, true)].into_iter();
		assert_eq!(ids(&choose(views(), &[], MOST)), [0, 1]);
		assert_eq!(ids(&choose(views(), &[NetworkId(1), NetworkId(9)], MOST)), [0]);
		assert!(ids(&choose(views(), &[NetworkId(3)], MOST)).is_empty());
		let listing = choose(views(), &[], MOST);
		assert_eq!(
			(listing.listed[0].url.as_str(), listing.left_out),
			("http://gateway-0.example", 0)
		);
	}

	#[test]
	fn of_too_many_the_first_are_asked() {
		// Somebody has registered a crowd of networks.
		let first = || (0..120).map(|id| view(id, id % 3, false));
		let crowd = (120..376).map(|id| view(id, id, false));
		let listing = choose(first().chain(crowd), &[], MOST);
		assert_eq!((listing.listed.len(), listing.left_out), (MOST, 120));
		assert!(ids(&listing).starts_with(&ids(&choose(first(), &[], MOST))));
		// What the first half leaves is for networks that came later, and then for whoever is next.
		let views = (0..120).rev().map(|id| view(id, u32::from(id == 100), false));
		let listing = choose(views, &[], 5);
		assert_eq!((ids(&listing), listing.left_out), (vec![0, 1, 2, 3, 100], 115));
	}

	#[test]
	fn of_too_many_the_first_of_each_network_are_asked() {
		// Somebody has registered a crowd for network 1.
		let crowd = (1..=300).map(|id| view(id, 1, false));
		let views = || {
			let first = [view(0, 1, false)].into_iter();
			first.chain(crowd.clone()).chain([view(301, 2, false), view(302, 3, false)])
		};
		let listing = choose(views(), &[], MOST);
		assert_eq!((listing.listed.len(), listing.left_out), (MOST, 303 - MOST));
		let ids = ids(&listing);
		assert!(ids.is_sorted() && ids.contains(&0) && ids.ends_with(&[301, 302]), "{ids:?}");
		assert_eq!(choose(views(), &[NetworkId(2)], MOST).left_out, 0);
		assert_eq!(choose(views(), &[], 303).left_out, 0);
	}

	fn manner(genesis: Option<Hash32>) -> Manner {
		Manner { genesis, bounds: Bounds::Anywhere, time: Duration::from_secs(30) }
	}

	#[tokio::test]
	async fn a_gateway_says_who_it_is() {
		let running = Gateways::start(Some(state()), 9).await;
		let url = running.url("");
		let met = Listed::named(&url).meet(manner(Some(GENESIS))).await.expect("it answers");
		assert_eq!((met.id, met.network), (GATEWAY, NetworkId(1)));

		let error = Listed::named(&url).meet(manner(Some([1; 32]))).await;
		let error = error.expect_err("another chain").to_string();
		assert!(error.contains("serves another chain"), "{error}");
		let other = Listed { id: Some(GatewayId(8)), ..Listed::named(&url) };
		let error = other.meet(manner(None)).await.expect_err("another gateway").to_string();
		assert!(error.contains("is gateway 3, where the chain lists"), "{error}");
		let of_network =
			|id| Listed { id: Some(GATEWAY), network: Some(NetworkId(id)), ..Listed::named(&url) };
		assert!(of_network(1).meet(manner(None)).await.is_ok());
		let error =
			of_network(2).meet(manner(None)).await.expect_err("another network").to_string();
		assert!(error.contains("serves network 1, where the chain lists network 2"), "{error}");
		for id in [Some(GatewayId(8)), None] {
			let nowhere = Listed { id, ..Listed::named("0x1b") };
			let error = nowhere.meet(manner(None)).await.expect_err("no URL").to_string();
			assert!(error.contains("cannot be asked") && error.contains("Remedy: "), "{error}");
		}
	}

	#[tokio::test]
	async fn who_is_named_may_be_anywhere_and_who_is_listed_may_not() {
		let running = Gateways::start(Some(state()), 9).await;
		let manner = Manner { bounds: Bounds::Public, ..manner(None) };
		let named = Listed::named(&running.url(""));
		assert_eq!(named.meet(manner).await.expect("it answers").id, GATEWAY);
		let listed = Listed { id: Some(GATEWAY), ..named };
		let error = listed.meet(manner).await.expect_err("this machine").to_string();
		assert!(error.contains("is not a public address") && error.contains("Remedy: "), "{error}");
	}
}
