//! Why there is no connection to a broker, each with a code that operators can look up.

cairn_coded::coded! {
	/// Why there is no connection to a broker.
	#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
	pub enum BrokerFault(
		/// The code of the reference.
		code: &'static str,
	) {
		/// Nobody answers where the broker is to be.
		Unreachable = "unreachable":
			"Start the broker, or correct its host and port; see that nothing between blocks the port.",
		/// What answers does not speak TLS as it should.
		NoTls = "no_tls":
			"Name the port on which the broker speaks TLS, and let it speak TLS 1.2 or 1.3.",
		/// The broker's certificate follows from none that is trusted.
		Untrusted = "untrusted_certificate":
			"Name the certificate of the broker's authority: a gateway by --mqtt-ca, an agent by caFile.",
		/// The broker's certificate has expired, or does not hold yet.
		Expired = "expired_certificate":
			"Renew it; if it holds by its dates, set this machine's clock.",
		/// The broker's certificate is for another host.
		WrongHost = "wrong_host":
			"Name the broker by a host of its certificate, or give it one for this host \
			 (subjectAltName).",
		/// The broker does not let this user in.
		SignInRefused = "sign_in_refused":
			"Correct user and password, here or in the broker: a gateway has --mqtt-user and \
			 --mqtt-password-file, an agent username and passwordFile.",
		/// The broker refuses the connection for another reason.
		Refused = "refused":
			"See the broker's log: it may be busy, or not speak this version of MQTT.",
		/// The broker does not let the gateway subscribe.
		TopicDenied = "topic_denied": "Let its user subscribe to the topic that the log names.",
		/// The broker sends a message that is larger than what is read at once.
		TooLarge = "too_large":
			"Let the broker refuse what is larger than 256 KiB for a gateway, 1 MiB for an agent; \
			 mosquitto does by message_size_limit.",
		/// The connection has ended.
		Ended = "ended":
			"None is needed if it comes back; else see the broker's log, and whether its port wants \
			 TLS: mqtts.",
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	#[test]
	fn every_fault_has_its_own_code_a_cause_and_a_remedy() {
		let codes = BrokerFault::ALL.iter().map(|fault| fault.code()).collect::<BTreeSet<_>>();
		assert_eq!(codes.len(), BrokerFault::ALL.len());
		for fault in BrokerFault::ALL {
			assert!(fault.cause().ends_with('.') && fault.remedy().ends_with('.'), "{fault:?}");
		}
	}
}
