//! Freezes what signers and state depend on: the pallets' indices and their storage prefixes.
//!
//! A failure here means that signed calls would reach another pallet, or that state would be lost.

use cairn_runtime::AllPalletsWithSystem;
use frame_support::traits::PalletsInfoAccess;
use sp_core::bytes::to_hex;
use sp_io::hashing::twox_128;

/// Index, name and storage prefix, which is twox-128 of the name.
const PALLETS: &[(usize, &str, &str)] = &[
	(0, "System", "0x26aa394eea5630e07c48ae0c9558cef7"),
	(1, "Timing", "0x555c48c31df7d962f1d80c62cc5f0c40"),
	(2, "Babe", "0x1cb6f36e027abb2091cfb5110ab5087f"),
	(3, "Timestamp", "0xf0c365c3cf59d671eb72da0e7a4113c4"),
	(4, "Authorship", "0xd57bce545fb382c34570e5dfbf338f5e"),
	(5, "Balances", "0xc2261276cc9d1f8598ea4b6a74b15c2f"),
	(6, "TransactionPayment", "0x3f1467a096bcd71a5b6a0c8155e20810"),
	(7, "VoterList", "0x74dd702da46f77d7acf77f5a48d4af7d"),
	(8, "Staking", "0x5f3e4907f716ac89b6347d15ececedca"),
	(9, "DelegatedStaking", "0x51f0fdd8976812ef2ac697eeb9d43dc5"),
	(10, "NominationPools", "0x7a6d38deaa01cb6e76ee69889f169627"),
	(11, "Offences", "0xd5c41b52a371aa36c9254ce34324f2a5"),
	(12, "Historical", "0x2f85f1e1378cb2d7b83adbaf0b5869c2"),
	(13, "Session", "0xcec5070d609dd3497f72bde07fc96ba0"),
	(14, "Grandpa", "0x5f9cc45b7a00c5899361e1c6099678dc"),
	(15, "AuthorityDiscovery", "0x2099d7f109d6e535fb000bba623fd440"),
	(20, "Utility", "0xd5e1a2fa16732ce6906189438c0a82c6"),
	(21, "Proxy", "0x1809d78346727a0ef58c0fa03bafa323"),
	(22, "Multisig", "0x7474449cca95dc5d0c00e71735a6d17d"),
	(23, "Parameters", "0xc63bdd4a39095ccf55623a6f2872bf8a"),
	(24, "Migrations", "0x053629776a18418a03a77199a00f76e4"),
	(25, "ParametersGenesis", "0x73f03ca6419801f98ca5079a62727223"),
	(26, "Preimage", "0xd8f314b7f4e6b095f0f8ee4656a44825"),
	(27, "Scheduler", "0x3db7a24cfdc9de785974746c14a99df9"),
	(28, "Referenda", "0x0f6738a0ee80c8e74cd2c7417c1e2556"),
	(29, "ConvictionVoting", "0x074b65e262fcd5bd9c785caf7f42e00a"),
	(30, "Origins", "0x47c9410b11325752265d54845357656f"),
	(31, "Whitelist", "0xa0eb495036d368196a2b6c51d9d78881"),
	(32, "TechnicalCommittee", "0xed25f63942de25ac5253ba64b5eb64d1"),
	(33, "Treasury", "0x89d139e01a5eb2256f222e5fc5dbe6b3"),
	(60, "Entropy", "0x419287151a57380886cbda21e750eca8"),
	(61, "Time", "0x173ff948a8874390a8b903eb6de5633e"),
	(62, "Schemas", "0xeec6f3c13d26ae2507c99b6751e19e76"),
	(63, "Networks", "0x720645a519371eb29e7e2d4480ebb9ef"),
	(64, "Devices", "0xa763f06b9a1b7313c2acb6362df916e4"),
	(65, "Telemetry", "0x7f5da1a9832433a6b5d5f0c69a732942"),
	(66, "Rewards", "0x540a4f8754aa5298a3d6e9aa09e93f97"),
];

#[test]
fn pallet_indices_and_names_are_frozen() {
	let pallets: Vec<_> =
		AllPalletsWithSystem::infos().iter().map(|info| (info.index, info.name)).collect();
	let frozen: Vec<_> = PALLETS.iter().map(|(index, name, _)| (*index, *name)).collect();
	assert_eq!(pallets, frozen);
}

#[test]
fn storage_prefixes_are_frozen() {
	for info in AllPalletsWithSystem::infos() {
		let (.., prefix) = PALLETS
			.iter()
			.find(|(index, ..)| *index == info.index)
			.unwrap_or_else(|| panic!("{} has no frozen prefix", info.name));
		assert_eq!(to_hex(&twox_128(info.name.as_bytes()), false), *prefix, "{}", info.name);
	}
}

#[test]
fn storage_items_live_under_their_pallets_prefix() {
	use cairn_runtime::Runtime;

	let item = |key: &[u8]| to_hex(key.get(..16).unwrap_or_default(), false);
	let prefix = |name: &str| {
		PALLETS.iter().find(|(_, known, _)| *known == name).map(|(.., prefix)| prefix.to_string())
	};

	let system = frame_system::LastRuntimeUpgrade::<Runtime>::hashed_key();
	let staking = pallet_staking::ValidatorCount::<Runtime>::hashed_key();
	let session = pallet_session::Validators::<Runtime>::hashed_key();
	assert_eq!(Some(item(&system)), prefix("System"));
	assert_eq!(Some(item(&staking)), prefix("Staking"));
	assert_eq!(Some(item(&session)), prefix("Session"));
}

#[test]
fn session_key_types_are_frozen() {
	use cairn_runtime::opaque::SessionKeys;
	use sp_runtime::traits::OpaqueKeys;

	let types: Vec<_> = SessionKeys::key_ids().iter().map(|id| id.0).collect();
	assert_eq!(types, [*b"babe", *b"gran", *b"audi", *b"telm"]);
}

#[test]
fn proxy_types_are_frozen() {
	use cairn_runtime::configs::utility::ProxyType;
	use codec::Encode;

	let types = [
		ProxyType::Any,
		ProxyType::NonTransfer,
		ProxyType::Staking,
		ProxyType::Device,
		ProxyType::Governance,
	];
	assert_eq!(types.encode(), [0, 1, 2, 3, 4]);
	assert_eq!(ProxyType::default(), ProxyType::Any);
}

#[test]
fn origins_are_frozen() {
	use cairn_runtime::configs::origins::Origin;
	use codec::Encode;

	let origins = [
		Origin::WhitelistedCaller,
		Origin::EconomicAdmin,
		Origin::NetworkAdmin,
		Origin::ReferendumCanceller,
		Origin::ReferendumKiller,
		Origin::SmallSpender,
		Origin::MediumSpender,
		Origin::BigSpender,
		Origin::Treasurer,
	];
	assert_eq!(origins.encode(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
}
