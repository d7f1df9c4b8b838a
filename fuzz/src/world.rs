//! What the chain knows, where a target needs it: that of the golden vectors. `seeds.py` writes it.

use std::{collections::BTreeMap, sync::LazyLock};

use cairn_economics::Rate;
use cairn_telemetry::{
	Header, HeaderV1, WindowContext,
	check::{Checked, SlotFacts, check},
	payload::{Source, Unavailable},
};
use cairn_types::{Certificate, CertifierKey, Cycle, DeviceId, DeviceKey, Hash32, RootKey, Slot};
use codec::Decode;

/// A batch's window, its devices, and its header.
pub(crate) struct Batch {
	pub(crate) context: WindowContext,
	pub(crate) header: HeaderV1,
	devices: BTreeMap<Slot, SlotFacts>,
	rates: BTreeMap<Cycle, Rate>,
}

/// Two makers, and all that they have certified: one device.
pub(crate) struct Makers {
	pub(crate) genesis: Hash32,
	pub(crate) device: DeviceKey,
	pub(crate) root: RootKey,
	pub(crate) keys: Vec<CertifierKey>,
	pub(crate) certificates: Vec<Certificate>,
}

/// The batch of the golden vectors.
pub(crate) fn batch() -> &'static Batch {
	static BATCH: LazyLock<Batch> = LazyLock::new(|| {
		let (context, header, devices, rates) =
			read::<(WindowContext, Header, Vec<(Slot, DeviceId, DeviceKey)>, Vec<(Cycle, Rate)>)>(
				include_bytes!("../world/batch.scale"),
			);
		let facts = |(slot, device, key)| (slot, SlotFacts { device, key, active: true });
		Batch {
			context,
			header: header.latest().clone(),
			devices: devices.into_iter().map(facts).collect(),
			rates: rates.into_iter().collect(),
		}
	});
	&BATCH
}

/// The makers of the golden vectors.
pub(crate) fn makers() -> &'static Makers {
	static MAKERS: LazyLock<Makers> = LazyLock::new(|| {
		let (genesis, device, root, keys, certificates) =
			read::<(Hash32, DeviceKey, RootKey, Vec<CertifierKey>, Vec<Certificate>)>(
				include_bytes!("../world/makers.scale"),
			);
		Makers { genesis, device, root, keys, certificates }
	});
	&MAKERS
}

fn read<T: Decode>(bytes: &[u8]) -> T {
	let mut rest = bytes;
	let value = T::decode(&mut rest).expect("the script's bytes are those of the types");
	assert!(rest.is_empty(), "the script's bytes are those of the types");
	value
}

impl Batch {
	/// Check a batch under `header`, of which sources serve the rest.
	pub(crate) fn check(
		&self,
		header: &HeaderV1,
		ledger: impl Source,
		payload: impl Source,
	) -> Result<Checked, Unavailable> {
		let registry = |slot: Slot| self.devices.get(&slot).copied();
		let rates = |cycle: Cycle| self.rate(cycle);
		check(&self.context, header, 0, &registry, &rates, ledger, payload)
	}

	/// A frozen cycle's rate.
	pub(crate) fn rate(&self, cycle: Cycle) -> Rate {
		self.rates.get(&cycle).copied().unwrap_or(0)
	}
}
