use std::collections::BTreeMap;

use cairn_economics::value;
use cairn_traits::ValidatorPart;
use cairn_types::{Amount, Cycle, GatewayId, NetworkId, Slot};
use frame_support::{
	assert_ok,
	traits::{OnUnbalanced, fungible::Balanced, tokens::Precision},
};
use proptest::prelude::*;

use crate::{Cycles, Issued, Params, ValidatorReward, mock::*};

const SLOTS: Slot = 3;

/// Units by slot.
fn by_slot(units: &[u64]) -> Vec<(Slot, u64)> {
	(0..).zip(units.iter().copied()).collect()
}

fn units_of_slots() -> impl Strategy<Value = Vec<u64>> {
	let slots = usize::try_from(SLOTS).expect("32 bits at least");
	// A cycle's units fit into 64 bits.
	prop::collection::vec(prop_oneof![Just(0), 1u64..1_000, 1u64..1 << 60], slots)
}

// Claims pay once.

/// Ticks that pass, then what each gateway seals, then claims: gateway, slot, which ledger.
type Step = (u32, [Vec<u64>; 2], Vec<(u32, Slot, usize)>);

fn step() -> impl Strategy<Value = Step> {
	let claim = (0u32..2, 0..SLOTS, any::<usize>());
	(1u32..=4, [units_of_slots(), units_of_slots()], prop::collection::vec(claim, 0..4))
}

/// What slots have earned, by adding up cycles: without ledgers, folds or records of pay.
#[derive(Default)]
struct Oracle {
	units: BTreeMap<(GatewayId, Slot, Cycle), u128>,
	rates: BTreeMap<Cycle, u128>,
}

impl Oracle {
	fn note_units(&mut self, gateway: GatewayId, units: &[(Slot, u64)]) {
		for (slot, units) in units {
			*self.units.entry((gateway, *slot, cycle())).or_default() += u128::from(*units);
		}
	}

	/// Note what is frozen now, and that it is what it was.
	fn note_rates(&mut self, network: NetworkId) {
		let oldest = cycle().saturating_sub(PERIODS.kept_cycles);
		for cycle in oldest..=cycle() {
			if let Some(rate) = Rewards::frozen_rate(network, cycle) {
				assert_eq!(*self.rates.entry(cycle).or_insert(rate), rate);
			}
		}
	}

	fn earned(&self, gateway: GatewayId, slot: Slot) -> Amount {
		let rate = |cycle: &Cycle| self.rates.get(cycle).copied().unwrap_or(0);
		self.units
			.iter()
			.filter(|((of, at, _), _)| (*of, *at) == (gateway, slot))
			.map(|((_, _, cycle), units)| value(*units, rate(cycle)))
			.sum()
	}
}

/// Claim with one of the ledgers that have matured, if there is any.
fn claim_any(gateway: GatewayId, slot: Slot, ledger: usize) {
	let windows = matured_windows(gateway);
	let Some(window) = ledger.checked_rem(windows.len()).map(|index| windows[index]) else {
		return;
	};
	let claimed = claim_of(gateway, slot, window);
	let shown = Rewards::claimable(gateway, slot, &claimed.account);
	let paid = Rewards::earning(gateway, slot).map_or(0, |earning| earning.paid);
	let issued = Issued::<Test>::get().released;
	events();
	match claim(claimed) {
		Ok(()) => {
			let Some(Event::Claimed { earned, released, .. }) = events().pop() else {
				panic!("an event tells of the claim")
			};
			assert_eq!(shown, (earned, released), "what is displayed is claimed");
			assert_eq!(earning(gateway, slot).paid, paid + earned);
			assert_eq!(Issued::<Test>::get().released, issued + released);
		},
		// Whether a slot had a leaf then is not judged by what is displayed.
		Err(error) if error == UNPROVED => (),
		Err(_) => assert_eq!(shown, (0, 0), "what is not displayed is not claimed"),
	}
}

fn claims_pay_once(steps: Vec<Step>) {
	let network = create_network(true);
	let gateways = [register_gateway(network, SLOTS), register_gateway(network, SLOTS)];
	let mut oracle = Oracle::default();
	for (ticks, units, claims) in steps {
		advance(ticks);
		oracle.note_rates(network);
		for (gateway, units) in gateways.into_iter().zip(&units) {
			let units = by_slot(units);
			assert!(seal(gateway, &units));
			oracle.note_units(gateway, &units);
		}
		for (gateway, slot, ledger) in claims {
			claim_any(GatewayId(gateway), slot, ledger);
		}
		check_state();
	}
	freeze(cycle());
	oracle.note_rates(network);
	for gateway in gateways {
		for slot in 0..SLOTS {
			let newest = matured_windows(gateway).len() - 1;
			claim_any(gateway, slot, newest);
			let paid = Rewards::earning(gateway, slot).map_or(0, |earning| earning.paid);
			assert_eq!(paid, oracle.earned(gateway, slot));
		}
	}
}

// Pools are not exceeded.

/// What gateways seal in one tick each, and who attests a batch before the next tick.
type Tick = ([Vec<u64>; 4], Vec<u32>);

fn tick() -> impl Strategy<Value = Tick> {
	let units = || prop_oneof![units_of_slots(), Just(Vec::new())];
	([units(), units(), units(), units()], prop::collection::vec(0u32..4, 0..6))
}

fn pools_are_not_exceeded(ticks: Vec<Tick>) {
	let networks = [create_network(true), create_network(true)];
	assert_ok!(Rewards::set_weight(RuntimeOrigin::root(), networks[1], 7));
	let gateways: Vec<_> = networks
		.into_iter()
		.chain(networks)
		.map(|network| (network, register_gateway(network, SLOTS)))
		.collect();
	advance_to_cycle(1);
	for (units, attesting) in ticks {
		for ((_, gateway), units) in gateways.iter().zip(&units) {
			assert!(seal(*gateway, &by_slot(units)));
		}
		for gateway in attesting {
			attest(GatewayId(gateway));
		}
		check_state();
		advance(1);
	}
	let last = cycle();
	freeze(last);
	for (network, weight) in networks.into_iter().zip([1, 7]) {
		let pools: Vec<Amount> = (1..=last)
			.filter(|cycle| Rewards::units(network, *cycle) > 0)
			.map(|cycle| Cycles::<Test>::get(cycle).expect("kept").pool(weight))
			.collect();
		let mut paid = 0;
		for (_, gateway) in gateways.iter().filter(|(of, _)| *of == network) {
			for slot in 0..SLOTS {
				let newest = matured_windows(*gateway).len() - 1;
				claim_any(*gateway, slot, newest);
				paid += Rewards::earning(*gateway, slot).map_or(0, |earning| earning.paid);
			}
		}
		let pool: Amount = pools.iter().sum();
		assert!(paid <= pool, "{paid} of {pool}");
		// Six slots, of which each loses less than one to each of two roundings.
		let lost = 12 * u128::try_from(pools.len()).expect("few");
		assert!(paid + lost >= pool, "{paid} of {pool}");
	}
}

// Whatever happens, what is minted is accounted for.

#[derive(Clone, Debug)]
enum Command {
	Advance { ticks: u32 },
	Seal { gateway: u32, units: Vec<u64> },
	Attest { gateway: u32 },
	Forge { gateway: u32, slot: Slot, amount: Amount },
	Claim { gateway: u32, slot: Slot, ledger: usize },
	Release { gateway: u32, slot: Slot },
	SetPayee { gateway: u32, slot: Slot, payee: u64 },
	SetWeight { network: u32, weight: u32 },
	Configure { network: u32, certified: bool },
	Close { network: u32 },
	SetVesting { cycles: u32 },
	EndEra { collected: bool },
}

const GATEWAYS: u32 = 4;
const NETWORKS: u32 = 3;

fn command() -> impl Strategy<Value = Command> {
	let (gateway, network) = (0..GATEWAYS, 0..NETWORKS);
	let slot = 0..SLOTS;
	prop_oneof![
		6 => (1u32..12).prop_map(|ticks| Command::Advance { ticks }),
		1 => (12u32..60).prop_map(|ticks| Command::Advance { ticks }),
		8 => (gateway.clone(), units_of_slots())
			.prop_map(|(gateway, units)| Command::Seal { gateway, units }),
		4 => gateway.clone().prop_map(|gateway| Command::Attest { gateway }),
		1 => (gateway.clone(), slot.clone(), 1u128..10_000_000)
			.prop_map(|(gateway, slot, amount)| Command::Forge { gateway, slot, amount }),
		8 => (gateway.clone(), slot.clone(), any::<usize>())
			.prop_map(|(gateway, slot, ledger)| Command::Claim { gateway, slot, ledger }),
		3 => (gateway.clone(), slot.clone())
			.prop_map(|(gateway, slot)| Command::Release { gateway, slot }),
		1 => (gateway, slot, 50u64..53)
			.prop_map(|(gateway, slot, payee)| Command::SetPayee { gateway, slot, payee }),
		3 => (network.clone(), prop_oneof![0u32..10, Just(u32::MAX)])
			.prop_map(|(network, weight)| Command::SetWeight { network, weight }),
		3 => (network.clone(), any::<bool>())
			.prop_map(|(network, certified)| Command::Configure { network, certified }),
		1 => network.prop_map(|network| Command::Close { network }),
		1 => (0u32..40).prop_map(|cycles| Command::SetVesting { cycles }),
		1 => any::<bool>().prop_map(|collected| Command::EndEra { collected }),
	]
}

fn is_open(network: NetworkId) -> bool {
	use cairn_traits::NetworkRegistry;
	World::is_open(network)
}

fn slot_payee(gateway: GatewayId, slot: Slot) -> u64 {
	use cairn_traits::SlotBook;
	World::get(gateway, slot).expect("never removed").payee
}

fn end_era(collected: bool) {
	let part = Rewards::take();
	if collected && part > 0 {
		let minted = Balances::deposit(&BOB, part, Precision::BestEffort).expect("or nothing");
		ValidatorReward::<Test>::on_unbalanced(minted);
	}
}

/// Calls may fail: then they change nothing, which the invariants would show.
fn execute(command: Command) {
	match command {
		Command::Advance { ticks } => advance(ticks),
		Command::Seal { gateway, units } => {
			seal(GatewayId(gateway), &by_slot(&units));
		},
		Command::Attest { gateway } => attest(GatewayId(gateway)),
		Command::Forge { gateway, slot, amount } => {
			forge(GatewayId(gateway), slot, amount);
		},
		Command::Claim { gateway, slot, ledger } => claim_any(GatewayId(gateway), slot, ledger),
		Command::Release { gateway, slot } => {
			let payee = slot_payee(GatewayId(gateway), slot);
			let before = Balances::free_balance(payee);
			let origin = RuntimeOrigin::signed(ALICE);
			let done = Rewards::release(origin, GatewayId(gateway), slot);
			assert_eq!(done.is_ok(), Balances::free_balance(payee) > before);
		},
		Command::SetPayee { gateway, slot, payee } => {
			let origin = RuntimeOrigin::signed(slot_payee(GatewayId(gateway), slot));
			assert_ok!(Rewards::set_payee(origin, GatewayId(gateway), slot, payee));
		},
		Command::SetWeight { network, weight } => {
			let _ = Rewards::set_weight(RuntimeOrigin::root(), NetworkId(network), weight);
		},
		Command::Configure { network, certified } if is_open(NetworkId(network)) => {
			configure(NetworkId(network), certified);
		},
		Command::Close { network } if is_open(NetworkId(network)) => close(NetworkId(network)),
		Command::Configure { .. } | Command::Close { .. } => (),
		Command::SetVesting { cycles } => {
			CurrentParams::mutate(|params| params.vesting = cycles);
		},
		Command::EndEra { collected } => end_era(collected),
	}
}

fn everything_is_accounted_for(commands: Vec<Command>) {
	for network in 0..NETWORKS {
		create_network(network > 0);
	}
	for gateway in 0..GATEWAYS {
		register_gateway(NetworkId(gateway % NETWORKS), SLOTS);
	}
	for command in commands {
		execute(command);
		check_state();
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(32))]

	#[test]
	fn a_claim_never_pays_twice_from_whatever_sequence_of_roots_gateways_and_cycles(
		steps in prop::collection::vec(step(), 1..25), vesting in prop_oneof![Just(1u32), Just(30)],
	) {
		ExtBuilder::default()
			.with_vesting(vesting)
			.build_and_execute(|| claims_pay_once(steps));
	}

	#[test]
	fn what_is_paid_never_exceeds_the_pool_in_any_order_of_attesting_and_freezing(
		ticks in prop::collection::vec(tick(), 1..9),
	) {
		ExtBuilder::default().build_and_execute(|| pools_are_not_exceeded(ticks));
	}

	#[test]
	fn conservation_holds_after_each_of_any_commands(
		commands in prop::collection::vec(command(), 1..60),
		emission_cap in prop_oneof![Just(PARAMS.emission_cap), 500u128..5_000],
	) {
		let params = Params { emission_cap, ..PARAMS };
		ExtBuilder::default()
			.with_params(params)
			.build_and_execute(|| everything_is_accounted_for(commands));
	}
}
