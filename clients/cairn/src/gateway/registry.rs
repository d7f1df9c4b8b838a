//! Who holds which slot of this gateway, window by window, as the chain says.

use std::{
	collections::{BTreeMap, HashMap},
	num::NonZeroU32,
	sync::{Arc, Mutex, PoisonError, RwLock},
	time::{Duration, Instant},
};

use cairn_chain::{At, Chain, Error};
use cairn_telemetry::check::{Registry as SlotRegistry, SlotFacts};
use cairn_types::{DeviceId, DeviceKey, GatewayId, Slot, Window, view::DeviceFacts};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::{deny::Deny, refusal::Refusal};

/// Slots asked for at once.
const PAGE: u32 = 1_024;
/// Devices whose owners are asked for at once.
const OWNERS: usize = 1_024;
/// Windows whose facts are kept.
const KEPT_WINDOWS: usize = 8;
/// Single devices looked up per second, at most: of those that recent facts show here, and of others.
const LOOKUPS: NonZeroU32 = NonZeroU32::new(20).expect("not zero");
/// How long the answer to such a look-up holds.
const LOOKUP_LIFE: Duration = Duration::from_secs(3);
/// Most such answers kept.
const KEPT_LOOKUPS: usize = 10_000;

/// The slots of a gateway in one window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
	window: Window,
	slots: BTreeMap<Slot, SlotFacts>,
	devices: HashMap<DeviceId, Slot>,
	keys: HashMap<DeviceKey, DeviceId>,
}

impl Facts {
	/// From what the chain says of the slots that somebody has in `window`.
	#[must_use]
	pub fn new(window: Window, rows: Vec<(Slot, DeviceFacts)>) -> Self {
		let mut facts = Self { window, ..Self::default() };
		for (slot, row) in rows {
			let place = SlotFacts { device: row.device, key: row.key, active: row.active };
			facts.slots.insert(slot, place);
			facts.devices.insert(row.device, slot);
			facts.keys.insert(row.key, row.device);
		}
		facts
	}

	/// The window.
	#[must_use]
	pub const fn window(&self) -> Window {
		self.window
	}

	/// Assigned devices.
	#[must_use]
	pub fn len(&self) -> usize {
		self.slots.len()
	}

	/// Whether no device is assigned.
	#[must_use]
	pub fn is_empty(&self) -> bool {
		self.slots.is_empty()
	}

	/// The devices, by slot.
	#[must_use]
	pub fn devices(&self) -> Vec<DeviceId> {
		self.slots.values().map(|place| place.device).collect()
	}

	/// The devices that are active, by slot.
	#[must_use]
	pub fn active(&self) -> Vec<DeviceId> {
		self.slots.values().filter(|place| place.active).map(|place| place.device).collect()
	}

	/// A device's slot, and what holds of it.
	#[must_use]
	pub fn place(&self, device: DeviceId) -> Option<(Slot, SlotFacts)> {
		let slot = *self.devices.get(&device)?;
		Some((slot, *self.slots.get(&slot)?))
	}

	/// The device with this key.
	#[must_use]
	pub fn by_key(&self, key: &DeviceKey) -> Option<DeviceId> {
		self.keys.get(key).copied()
	}
}

impl SlotRegistry for Facts {
	fn slot(&self, slot: Slot) -> Option<SlotFacts> {
		self.slots.get(&slot).copied()
	}
}

/// Ask the chain for all slots of `gateway` in `window`.
///
/// # Errors
/// If the node does not answer.
pub async fn fetch(
	chain: &Chain,
	gateway: GatewayId,
	slots: Slot,
	window: Window,
	at: At,
) -> Result<Facts, Error> {
	let mut rows = Vec::new();
	let mut from = 0;
	while from < slots {
		rows.extend(chain.slots(gateway, window, from, PAGE, at).await?);
		from = from.saturating_add(PAGE);
	}
	Ok(Facts::new(window, rows))
}

/// What is known of the slots, for ingest: the facts of recent windows, and single devices looked
/// up when they are missing there. Sealing asks the chain again, so nothing here is final.
pub struct Registry {
	chain: Chain,
	gateway: GatewayId,
	deny: Arc<Deny>,
	windows: RwLock<BTreeMap<Window, Arc<Facts>>>,
	lookups: Mutex<HashMap<(Window, DeviceId), (Instant, Option<DeviceFacts>)>>,
	/// Look-ups of devices that are in the facts.
	known: DefaultDirectRateLimiter,
	/// Look-ups of all others: anybody may name any number of them, so they have turns of their own. One
	/// that was assigned just now is among them, until the facts are fetched anew: within a window.
	strangers: DefaultDirectRateLimiter,
}

impl Registry {
	/// Nothing known yet.
	///
	/// - `deny`: whose readings the operator does not take.
	#[must_use]
	pub fn new(chain: Chain, gateway: GatewayId, deny: Arc<Deny>) -> Self {
		Self {
			chain,
			gateway,
			deny,
			windows: RwLock::default(),
			lookups: Mutex::default(),
			known: RateLimiter::direct(Quota::per_second(LOOKUPS)),
			strangers: RateLimiter::direct(Quota::per_second(LOOKUPS)),
		}
	}

	/// Whose readings the operator does not take.
	#[must_use]
	pub const fn deny(&self) -> &Arc<Deny> {
		&self.deny
	}

	/// Keep the facts of a window.
	pub fn put(&self, facts: Facts) {
		let mut windows = self.windows.write().unwrap_or_else(PoisonError::into_inner);
		windows.insert(facts.window(), Arc::new(facts));
		while windows.len() > KEPT_WINDOWS {
			windows.pop_first();
		}
	}

	/// The facts of `window`, or of the nearest known one.
	#[must_use]
	pub fn near(&self, window: Window) -> Option<Arc<Facts>> {
		let windows = self.windows.read().unwrap_or_else(PoisonError::into_inner);
		let known = windows.range(..=window).next_back().or_else(|| windows.first_key_value());
		known.map(|(_, facts)| facts.clone())
	}

	/// A device's place in `window`; `now` is the chain's window. Devices that the facts do not show
	/// as active here are looked up one by one, so that an assignment holds as soon as it is made.
	///
	/// # Errors
	/// A [`Refusal`] that tells whether it may come later.
	pub async fn place(
		&self,
		device: DeviceId,
		window: Window,
		now: Window,
	) -> Result<SlotFacts, Refusal> {
		self.ensure_served(device)?;
		let facts = self.near(window).ok_or(Refusal::Unsynced)?;
		if let Some((_, facts)) = facts.place(device)
			&& facts.active
		{
			return Ok(facts);
		}
		let found = self.lookup(device, window).await.ok_or(Refusal::TooSoon)?;
		// Whose it is may have been learnt just now.
		self.ensure_served(device)?;
		let early = window > now;
		match judge(self.gateway, found.as_ref()) {
			Ok(facts) => Ok(facts),
			Err(_) if early => Err(Refusal::TooSoon),
			Err(refusal) => Err(refusal),
		}
	}

	fn ensure_served(&self, device: DeviceId) -> Result<(), Refusal> {
		if self.deny.is_denied(device) { Err(Refusal::Denied) } else { Ok(()) }
	}

	/// Learn from the chain which of `devices` belong to owners whom the operator denies.
	///
	/// # Errors
	/// If the node does not answer.
	pub async fn learn_owners(&self, devices: &[DeviceId], at: At) -> Result<(), Error> {
		if !self.deny.has_owners() {
			return Ok(());
		}
		for part in devices.chunks(OWNERS) {
			let owners = self.chain.owners(part, at).await?;
			self.deny.learn(&owners);
		}
		Ok(())
	}

	/// Whether the chain says that a device is none of the gateway's in any window that is known: one
	/// that leaves may still report for its last. Of nothing known nobody is a stranger.
	#[must_use]
	pub fn is_stranger(&self, device: DeviceId) -> bool {
		let windows = self.windows.read().unwrap_or_else(PoisonError::into_inner);
		!windows.is_empty() && windows.values().all(|facts| facts.place(device).is_none())
	}

	/// Whether it is the turn of a device to be looked up; takes the turn.
	fn may_ask(&self, device: DeviceId) -> bool {
		let turns = if self.is_stranger(device) { &self.strangers } else { &self.known };
		turns.check().is_ok()
	}

	/// What the chain says of one device now; `None` if it cannot be asked now.
	async fn lookup(&self, device: DeviceId, window: Window) -> Option<Option<DeviceFacts>> {
		let key = (window, device);
		{
			let known = self.lookups.lock().unwrap_or_else(PoisonError::into_inner);
			if let Some((when, facts)) = known.get(&key)
				&& when.elapsed() < LOOKUP_LIFE
			{
				return Some(*facts);
			}
		}
		if !self.may_ask(device) {
			return None;
		}
		let facts = self.chain.device_facts(device, window, At::Best).await;
		let facts = facts.inspect_err(|cause| tracing::warn!(%cause, "cannot look up a device"));
		let facts = facts.ok()?;
		if facts.is_some() {
			let learnt = self.learn_owners(&[device], At::Best).await;
			learnt.inspect_err(|cause| tracing::warn!(%cause, "cannot look up an owner")).ok()?;
		}
		let mut known = self.lookups.lock().unwrap_or_else(PoisonError::into_inner);
		if known.len() >= KEPT_LOOKUPS {
			known.retain(|_, (when, _)| when.elapsed() < LOOKUP_LIFE);
		}
		known.insert(key, (Instant::now(), facts));
		Some(facts)
	}
}

/// Whether a device belongs to `gateway`. Pure.
fn judge(gateway: GatewayId, facts: Option<&DeviceFacts>) -> Result<SlotFacts, Refusal> {
	let facts = facts.ok_or(Refusal::UnknownDevice)?;
	if facts.assignment.is_none_or(|place| place.gateway != gateway) {
		return Err(Refusal::NotAssigned);
	}
	if !facts.active {
		return Err(Refusal::Inactive);
	}
	Ok(SlotFacts { device: facts.device, key: facts.key, active: true })
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::gateway::deny::DenyArgs;
	use cairn_types::{NetworkId, view::Assignment};
	use sp_core::ed25519;

	const GATEWAY: GatewayId = GatewayId(1);

	/// One whose node cannot be reached.
	fn registry(args: DenyArgs) -> Registry {
		let deny = Deny::new(&args).expect("names devices");
		Registry::new(Chain::lazy("ws://127.0.0.1:9"), GATEWAY, Arc::new(deny))
	}

	fn row(device: u8, place: Option<(u32, Slot)>, active: bool) -> DeviceFacts {
		DeviceFacts {
			device: DeviceId(u64::from(device)),
			network: NetworkId(1),
			key: DeviceKey::Ed25519(ed25519::Public::from_raw([device; 32])),
			active,
			assignment: place
				.map(|(gateway, slot)| Assignment { gateway: GatewayId(gateway), slot }),
		}
	}

	#[test]
	fn works_when_slots_are_looked_up() {
		let rows = vec![(0, row(1, Some((1, 0)), true)), (7, row(2, Some((1, 7)), false))];
		let facts = Facts::new(5, rows);
		assert_eq!((facts.len(), facts.window()), (2, 5));
		assert_eq!(facts.devices(), [DeviceId(1), DeviceId(2)]);
		assert_eq!(facts.active(), [DeviceId(1)]);
		let (slot, place) = facts.place(DeviceId(2)).expect("assigned");
		assert_eq!((slot, facts.slot(7)), (7, Some(place)));
		assert_eq!((place.active, facts.by_key(&place.key)), (false, Some(DeviceId(2))));
		assert_eq!((facts.place(DeviceId(3)), facts.slot(1)), (None, None));
	}

	#[test]
	fn who_leaves_is_no_stranger_in_its_last_window() {
		let registry = registry(DenyArgs::default());
		assert!(!registry.is_stranger(DeviceId(2)), "nothing is known");
		registry.put(Facts::new(5, vec![(0, row(1, Some((1, 0)), true))]));
		registry.put(Facts::new(6, Vec::new()));
		assert!(!registry.is_stranger(DeviceId(1)));
		assert!(registry.is_stranger(DeviceId(2)));
	}

	#[tokio::test]
	async fn strangers_take_no_turns_of_the_devices_of_the_gateway() {
		let registry = registry(DenyArgs::default());
		// Suspended, so it has to be looked up to be seen active again.
		registry.put(Facts::new(5, vec![(0, row(1, Some((1, 0)), false))]));
		registry.put(Facts::new(6, Vec::new()));
		let refused = (0..10_000).filter(|id| !registry.may_ask(DeviceId(1_000 + id))).count();
		assert!(refused > 0, "anybody may name strangers");
		assert!(registry.may_ask(DeviceId(1)));
		let refused = (0..10_000).filter(|_| !registry.may_ask(DeviceId(1))).count();
		assert!(refused > 0, "the node is not flooded either");
	}

	#[tokio::test]
	async fn fails_when_the_operator_denies_the_device() {
		let (deny, owner) = (vec![DeviceId(1)], [7; 32]);
		let registry = registry(DenyArgs { deny, deny_owner: vec![owner], deny_file: None });
		let rows = [1, 2, 3].map(|device| {
			let slot = Slot::from(device);
			(slot, row(device, Some((1, slot)), true))
		});
		registry.put(Facts::new(5, rows.to_vec()));
		registry.deny().learn(&[(DeviceId(2), owner), (DeviceId(3), [8; 32])]);
		for (device, refusal) in [(1, Some(Refusal::Denied)), (2, Some(Refusal::Denied)), (3, None)]
		{
			let place = registry.place(DeviceId(device), 5, 5).await;
			assert_eq!(place.err(), refusal, "{device}");
		}
		// Of a device that it does not have the gateway cannot say whose it is: the chain is away.
		assert_eq!(registry.place(DeviceId(4), 5, 5).await.err(), Some(Refusal::TooSoon));
		assert!(registry.learn_owners(&[DeviceId(3)], At::Best).await.is_err());
	}

	#[test]
	fn fails_when_the_device_does_not_belong() {
		let cases = [
			(None, Refusal::UnknownDevice),
			(Some(row(1, None, true)), Refusal::NotAssigned),
			(Some(row(1, Some((2, 0)), true)), Refusal::NotAssigned),
			(Some(row(1, Some((1, 0)), false)), Refusal::Inactive),
		];
		for (facts, refusal) in cases {
			assert_eq!(judge(GATEWAY, facts.as_ref()), Err(refusal));
		}
		assert!(judge(GATEWAY, Some(&row(1, Some((1, 0)), true))).is_ok());
	}
}
