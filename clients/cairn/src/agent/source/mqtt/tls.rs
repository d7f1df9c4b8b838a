//! TLS towards a broker: whose certificates are trusted.

use std::{path::Path, sync::Arc};

use rustls::ClientConfig;

use crate::{
	agent::{error::Error, source::read_file},
	mqtt::tls,
};

/// No file of certificates is larger.
const MOST_BYTES: u64 = 4 << 20;

/// A client that trusts the certificates in a file, or the system's.
///
/// # Errors
/// [`Error::Source`] if there are none.
pub(super) fn client(source: &str, ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
	let place = ca_file.map_or_else(String::new, |path| format!("{}: ", path.display()));
	let pem = ca_file.map(|path| read_file(source, path, MOST_BYTES)).transpose()?;
	tls::client(pem.as_deref()).map_err(|cause| Error::Source {
		name: source.to_owned(),
		cause: format!("{place}{cause}"),
		remedy: "name a PEM file with the certificate of the broker's authority as caFile",
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn fails_when_the_file_holds_no_certificates() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let file = directory.path().join("ca.pem");
		let error = |file: &Path| client("broker", Some(file)).expect_err("refused").to_string();
		assert!(error(&file).contains("ca.pem"));
		let block = |text: &str| {
			format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
		};
		for (text, says) in [
			(String::new(), "no certificate"),
			("nothing".to_owned(), "no certificate"),
			(block("!"), "not PEM"),
			(block("AAAA"), "ca.pem: "),
		] {
			std::fs::write(&file, &text).expect("a file");
			assert!(error(&file).contains(says), "{text}: {}", error(&file));
		}
	}
}
