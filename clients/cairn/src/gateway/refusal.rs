//! Why a gateway does not take a reading, each with a code that users can look up.

cairn_coded::coded! {
	/// Why a reading is not taken.
	#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
	pub enum Refusal(
		/// The code of the reference.
		code: &'static str,
		/// Whether the same reading may be taken later.
		retry: bool,
	) {
		/// The body is not readings as JSON or SCALE.
		Malformed = "malformed", false:
			"Send {\"readings\": […]} as JSON, or SCALE as application/octet-stream.",
		/// More bytes or readings came at once than are taken.
		TooLarge = "too_large", false: "Send fewer readings at once.",
		/// The reading came by MQTT on the topic of another device or network.
		WrongTopic = "wrong_topic", false:
			"Publish on the topic of the reading's own network and device.",
		/// No device of this id is registered.
		UnknownDevice = "unknown_device", false:
			"Register the device; `cairn agent run --register` does.",
		/// The device is not assigned to this gateway in the reading's window.
		NotAssigned = "not_assigned", false:
			"Assign the device to this gateway; it holds from the next window.",
		/// The device is not active in the reading's window, or its certificate has ended.
		Inactive = "inactive", false: "Activate the device; it holds from the next window.",
		/// The gateway's operator takes no readings of the device, or of its owner.
		Denied = "denied", false:
			"Ask the gateway's operator, or assign the device to another gateway.",
		/// The network is paused or closed.
		NetworkInactive = "network_inactive", false:
			"Wait until the network's operator lets it run again.",
		/// The reading names another network than the gateway's.
		WrongNetwork = "wrong_network", false: "Send the reading to a gateway of its network.",
		/// The reading names another schema than the network's in its cycle.
		WrongSchema = "wrong_schema", false: "Sign under the schema that GET /v1/schema returns.",
		/// The reading has another number of values than the schema has channels.
		ChannelCount = "channel_count", false:
			"Give one value, or none, for each channel of the schema.",
		/// The signature is not that of the key registered for the reading's window.
		BadSignature = "bad_signature", false:
			"Sign with the registered key, over this chain's genesis hash.",
		/// The reading's time lies ahead of the gateway's clock.
		FutureDated = "future_dated", false: "Set the device's clock, for example by NTP.",
		/// The reading's window is sealed already, or can no longer be sealed.
		TooOld = "too_old", false: "Send readings within their window; counters carry over.",
		/// A newer reading of the device is stored, or another one with this sequence number.
		OutOfOrder = "out_of_order", false:
			"Count sequence and time up; send readings in that order.",
		/// The device has 128 readings in this window.
		TooMany = "too_many", false: "Read less often.",
		/// The gateway has as many readings in this window as a batch may hold.
		WindowFull = "window_full", false: "Use more gateways, or read less often.",
		/// The device has had its share of this window, and what is left is kept for other devices.
		OverShare = "over_share", false: "Read less often, or use a gateway with fewer devices.",
		/// The device sends more than the gateway takes from one device.
		RateLimited = "rate_limited", true: "Wait a moment, then send it again.",
		/// The chain has not entered the reading's window, and the device has no place in it yet.
		TooSoon = "too_soon", true: "Send it again when the window has begun on the chain.",
		/// An earlier reading of the device has to be taken first.
		Waiting = "waiting", true: "Send it again together with the earlier one.",
		/// The gateway has not reached its node yet.
		Unsynced = "unsynced", true:
			"Send it again later; the operator sees why in the gateway's log.",
		/// The gateway could not store it.
		NotStored = "not_stored", true:
			"Send it again later; the operator sees why in the gateway's log.",
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	#[test]
	fn every_refusal_has_its_own_code_a_cause_and_a_remedy() {
		let codes = Refusal::ALL.iter().map(|refusal| refusal.code()).collect::<BTreeSet<_>>();
		assert_eq!(codes.len(), Refusal::ALL.len());
		for refusal in Refusal::ALL {
			assert!(refusal.cause().ends_with('.') && refusal.remedy().ends_with('.'), "{refusal}");
		}
	}
}
