//! Codes that verdicts carry and documents explain: once given, a code keeps its meaning.

use codec::{Decode, Encode};

use crate::Fault;

const CODES: [(u8, Fault); 19] = [
	(1, Fault::Malformed),
	(2, Fault::SlotOrder),
	(3, Fault::ReadingCount),
	(4, Fault::WrongNetwork),
	(5, Fault::WrongSchema),
	(6, Fault::WrongDevice),
	(7, Fault::Unassigned),
	(8, Fault::Inactive),
	(9, Fault::WrongWindow),
	(10, Fault::SequenceOrder),
	(11, Fault::TimeOrder),
	(12, Fault::ChannelCount),
	(13, Fault::BadSignature),
	(14, Fault::LedgerRoot),
	(15, Fault::TransitionRoot),
	(16, Fault::Sums),
	(17, Fault::TooLarge),
	(18, Fault::WrongRules),
	(19, Fault::NetworkInactive),
];

#[test]
fn codes_keep_their_meaning() {
	for (code, fault) in CODES {
		assert_eq!(fault.code(), code);
		assert_eq!(fault.encode(), [code]);
	}
	assert_eq!(Fault::ALL, CODES.map(|(_, fault)| fault));
}

#[test]
fn fails_when_a_code_means_nothing() {
	for code in (0..=u8::MAX).filter(|code| CODES.iter().all(|(known, _)| known != code)) {
		assert!(Fault::decode(&mut [code].as_slice()).is_err(), "{code}");
	}
}

#[test]
fn every_fault_says_why_and_what_to_do() {
	for fault in Fault::ALL {
		let said = fault.to_string();
		assert!(said.contains(&format!("code {}", fault.code())), "{said}");
		assert!(said.contains(fault.cause()) && said.contains(fault.remedy()), "{said}");
		assert!(fault.cause().ends_with('.') && fault.remedy().ends_with('.'), "{said}");
	}
}
