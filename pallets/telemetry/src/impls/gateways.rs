//! Gateways: registration, retirement, removal.

use cairn_traits::{NetworkRegistry, Timekeeper};
use cairn_types::{GatewayId, NetworkId};
use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{Consideration, Footprint},
};
use sp_runtime::DispatchError;

use super::seal::Clock;
use crate::{
	Config, Error, Event, GatewayRecordOf, Gateways, NextGateway, Pallet,
	types::{Endpoint, GatewayRecord, Stage},
};

/// Queue entries that one `reap_gateway` removes.
const REAPED_AT_ONCE: u32 = 2;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register_gateway(
		operator: T::AccountId,
		network: NetworkId,
		endpoint: Endpoint,
	) -> DispatchResult {
		ensure!(T::Networks::is_open(network), Error::<T>::NetworkNotOpen);
		ensure!(is_url(&endpoint), Error::<T>::BadEndpoint);
		let gateway = NextGateway::<T>::get();
		let next = gateway.next().ok_or(Error::<T>::TooManySlots)?;
		let size = GatewayRecordOf::<T>::max_encoded_len();
		let record = GatewayRecord {
			ticket: Some(T::GatewayBond::new(&operator, Footprint::from_parts(1, size))?),
			operator: operator.clone(),
			network,
			endpoint,
			stage: Stage::Serving,
			sealed: None,
			attested: None,
			attested_at: 0,
			deaths: 0,
			failures: 0,
			floor: T::Time::now().window,
			next_slot: 0,
			open_slots: 0,
			assigned: Default::default(),
			availability: Default::default(),
			queue: Default::default(),
			accrual: Default::default(),
		};
		NextGateway::<T>::put(next);
		Gateways::<T>::insert(gateway, record);
		Self::deposit_event(Event::GatewayRegistered { gateway, operator, network });
		Ok(())
	}

	pub(crate) fn do_update_endpoint(
		operator: &T::AccountId,
		gateway: GatewayId,
		endpoint: Endpoint,
	) -> DispatchResult {
		let record = Self::gateway_of(operator, gateway)?;
		ensure!(is_url(&endpoint), Error::<T>::BadEndpoint);
		Gateways::<T>::insert(gateway, GatewayRecord { endpoint: endpoint.clone(), ..record });
		Self::deposit_event(Event::EndpointUpdated { gateway, endpoint });
		Ok(())
	}

	pub(crate) fn do_retire_gateway(operator: &T::AccountId, gateway: GatewayId) -> DispatchResult {
		let record = Self::gateway_of(operator, gateway)?;
		ensure!(record.stage == Stage::Serving, Error::<T>::AlreadyRetired);
		let until = T::Time::next_window();
		let stage = Stage::Retired { until, settled: T::Time::settled() };
		Gateways::<T>::insert(gateway, GatewayRecord { stage, ..record });
		Self::deposit_event(Event::GatewayRetired { gateway, until });
		Ok(())
	}

	pub(crate) fn do_reap_gateway(gateway: GatewayId) -> DispatchResult {
		let mut record = Gateways::<T>::get(gateway).ok_or(Error::<T>::GatewayNotFound)?;
		let Stage::Retired { settled, .. } = record.stage else {
			return Err(Error::<T>::NotRetired.into());
		};
		let clock = Clock::read::<T::Time>();
		ensure!(clock.now.tick >= settled, Error::<T>::TooEarly);
		// The bond does not wait for the slots: anybody can open one, and need never close it.
		let bond = record.ticket.take();
		let returned = bond.is_some();
		bond.map(|bond| bond.drop(&record.operator)).transpose()?;
		let oldest = record.queue.oldest;
		let removed = record.open_slots == 0
			&& Self::is_frozen(&record, &clock)
			&& Self::remove_queue(gateway, &mut record);
		if removed {
			Gateways::<T>::remove(gateway);
			Self::deposit_event(Event::GatewayReaped { gateway });
			return Ok(());
		}
		ensure!(returned || record.queue.oldest > oldest, Error::<T>::NotEmpty);
		Gateways::<T>::insert(gateway, record);
		Ok(())
	}

	/// Whether nothing of the totals that the gateway's units are part of can change any more.
	fn is_frozen(record: &GatewayRecordOf<T>, clock: &Clock) -> bool {
		let mut open = record.accrual.open.iter();
		open.all(|open| clock.periods.is_frozen(open.cycle, clock.now.tick))
	}

	/// Remove some of the queue, as far as it is paid for; whether nothing of it is left.
	fn remove_queue(gateway: GatewayId, record: &mut GatewayRecordOf<T>) -> bool {
		record.queue.pending = record.queue.next;
		for _ in 0..REAPED_AT_ONCE {
			let Some((window, attempt, batch)) = Self::queued(gateway, record.queue.oldest) else {
				break;
			};
			if !batch.collected {
				break;
			}
			Self::remove_oldest(gateway, record, (window, attempt), &batch);
			record.queue.settled = record.queue.settled.max(record.queue.oldest);
		}
		record.queue.oldest >= record.queue.next
	}

	/// The gateway, if `operator` is its operator.
	pub(crate) fn gateway_of(
		operator: &T::AccountId,
		gateway: GatewayId,
	) -> Result<GatewayRecordOf<T>, DispatchError> {
		let record = Gateways::<T>::get(gateway).ok_or(Error::<T>::GatewayNotFound)?;
		ensure!(record.operator == *operator, Error::<T>::NotOperator);
		Ok(record)
	}
}

/// Whether `endpoint` looks like an http or https URL with a host: printable ASCII without spaces.
fn is_url(endpoint: &[u8]) -> bool {
	let host = endpoint
		.strip_prefix(b"https://".as_slice())
		.or_else(|| endpoint.strip_prefix(b"http://".as_slice()));
	host.is_some_and(|host| {
		host.first().is_some_and(u8::is_ascii_alphanumeric) || host.first() == Some(&b'[')
	}) && endpoint.iter().all(u8::is_ascii_graphic)
}
