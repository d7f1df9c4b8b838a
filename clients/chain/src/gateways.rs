//! Which gateways there are, read from storage: the runtime API answers for one id only.

use cairn_types::GatewayId;

use crate::{
	client::{At, Chain},
	error::Error,
	state::numbers,
	storage::prefix,
};

impl Chain {
	/// The ids of all gateways, retired ones too, ascending. Reads every entry there is, a page at a
	/// time.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn gateway_ids(&self, at: At) -> Result<Vec<GatewayId>, Error> {
		let mut ids = Vec::new();
		let map = prefix("Telemetry", "Gateways");
		self.for_each_entry("the gateways", &map, at, |key, _| {
			ids.push(read(key)?);
			Ok(())
		})
		.await?;
		ids.sort_unstable();
		Ok(ids)
	}
}

/// A gateway's id from the key of its entry.
fn read(key: &[u8]) -> Result<GatewayId, codec::Error> {
	let [id] = numbers(key)?;
	Ok(GatewayId(id))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::storage::twox_64_concat;

	#[test]
	fn an_id_is_read_from_its_entry() {
		let key = [prefix("Telemetry", "Gateways"), twox_64_concat(&GatewayId(7))].concat();
		assert_eq!(read(&key), Ok(GatewayId(7)));
		assert!(read(&key[..40]).is_err());
		assert!(read(&[key, vec![0]].concat()).is_err());
	}
}
