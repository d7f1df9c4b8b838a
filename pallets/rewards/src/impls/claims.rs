//! Turning accounts into pay, and pay into tokens.

use cairn_economics::Accrual;
use cairn_telemetry::{Account, Claim};
use cairn_traits::{AttestedLedger, SlotBook};
use cairn_types::{Amount, Cycle, GatewayId, NetworkId, Slot};
use frame_support::{dispatch::DispatchResult, ensure, traits::fungible::Mutate};

use crate::{
	Config, Cycles, Earner, Earning, Earnings, Error, Event, Issued, Pallet, types::Clock,
};

/// What a claim comes to: decided, not written.
pub(crate) struct Settlement {
	/// The earner's record after it.
	pub(crate) earning: Earning,
	/// The gateway's accrual after it.
	pub(crate) accrual: Accrual,
	/// What is turned into pay.
	pub(crate) earned: Amount,
	/// What is minted.
	pub(crate) released: Amount,
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_claim(claim: &Claim) -> DispatchResult {
		let Claim { gateway, slot, account, .. } = claim;
		let (gateway, slot) = (*gateway, *slot);
		let place = T::Slots::get(gateway, slot).ok_or(Error::<T>::NotFound)?;
		ensure!(account.latest().device == place.device, Error::<T>::WrongDevice);
		let network = T::Ledger::prove(claim)?;
		let payee = place.payee;
		let Settlement { earning, accrual, earned, released } =
			Self::assess(network, gateway, slot, account, &payee)?;

		if earned > 0 {
			T::Ledger::set_accrual(gateway, accrual);
		}
		Earnings::<T>::insert(Earner::Slot(gateway, slot), earning);
		Self::mint_released(&payee, released)?;

		let unvested = earning.unreleased();
		Self::deposit_event(Event::Claimed { gateway, slot, payee, earned, released, unvested });
		Ok(())
	}

	/// What a claim with this account comes to now; `network` is the gateway's.
	pub(crate) fn assess(
		network: NetworkId,
		gateway: GatewayId,
		slot: Slot,
		account: &Account,
		payee: &T::AccountId,
	) -> Result<Settlement, Error<T>> {
		let clock = Clock::read::<T::Time>();
		let rates = |cycle: Cycle| Self::rate_at(&clock, network, cycle);
		let entitlement = account.entitlement(clock.tick, &clock.periods, &rates);
		let (_, mut accrual) = T::Ledger::accrual(gateway).unwrap_or_default();
		let earning = Earnings::<T>::get(Earner::Slot(gateway, slot))
			.unwrap_or_else(|| Earning::new(clock.cycle));
		let v = Self::vesting(&clock);

		let (earning, earned) = earning.vest(v, clock.cycle).earn(entitlement, v);
		let (earning, released) = earning.release(|due| Self::can_take(payee, due));
		ensure!(earned > 0 || released > 0, Error::<T>::NothingToClaim);
		if earned > 0 {
			Self::settle(&mut accrual, network, &clock);
			accrual.pay(earned).map_err(|_| Error::<T>::BeyondAccrual)?;
		}
		Ok(Settlement { earning, accrual, earned, released })
	}

	pub(crate) fn do_release(gateway: GatewayId, slot: Slot) -> DispatchResult {
		let payee = T::Slots::get(gateway, slot).ok_or(Error::<T>::NotFound)?.payee;
		let earner = Earner::Slot(gateway, slot);
		let earning = Earnings::<T>::get(earner).ok_or(Error::<T>::NothingToRelease)?;
		let clock = Clock::read::<T::Time>();
		let (earning, released) = earning
			.vest(Self::vesting(&clock), clock.cycle)
			.release(|due| Self::can_take(&payee, due));
		ensure!(released > 0, Error::<T>::NothingToRelease);

		Earnings::<T>::insert(earner, earning);
		Self::mint_released(&payee, released)?;

		let unvested = earning.unreleased();
		Self::deposit_event(Event::Released { gateway, slot, payee, released, unvested });
		Ok(())
	}

	pub(crate) fn do_set_payee(
		who: &T::AccountId,
		gateway: GatewayId,
		slot: Slot,
		payee: T::AccountId,
	) -> DispatchResult {
		let place = T::Slots::get(gateway, slot).ok_or(Error::<T>::NotFound)?;
		ensure!(place.payee == *who, Error::<T>::NotPayee);

		T::Slots::set_payee(gateway, slot, payee.clone())?;

		Self::deposit_event(Event::PayeeChanged { gateway, slot, payee });
		Ok(())
	}

	/// Cycles over which pay vests in the current cycle.
	fn vesting(clock: &Clock) -> u32 {
		match Cycles::<T>::get(clock.cycle) {
			Some(record) => record.vesting,
			None => Self::params().vesting,
		}
	}

	fn mint_released(payee: &T::AccountId, amount: Amount) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		T::Currency::mint_into(payee, amount)?;
		Issued::<T>::mutate(|issued| issued.released = issued.released.saturating_add(amount));
		Ok(())
	}
}
