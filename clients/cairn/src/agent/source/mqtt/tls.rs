//! TLS towards a broker: whose certificates are trusted.

use std::{path::Path, sync::Arc};

use rustls::{
	ClientConfig, RootCertStore,
	crypto::ring,
	pki_types::{CertificateDer, pem::PemObject},
};

use crate::agent::{error::Error, source::read_file};

/// No file of certificates is larger.
const MOST_BYTES: u64 = 4 << 20;

/// A client that trusts the certificates in a file, or the system's.
///
/// # Errors
/// [`Error::Source`] if there are none.
pub(super) fn client(source: &str, ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
	let failed = |cause: String| Error::Source {
		name: source.to_owned(),
		cause,
		remedy: "name a PEM file with the certificate of the broker's authority as caFile",
	};
	let mut roots = RootCertStore::empty();
	match ca_file {
		Some(path) => {
			let pem = read_file(source, path, MOST_BYTES)?;
			let place = path.display();
			for certificate in CertificateDer::pem_slice_iter(&pem) {
				let certificate =
					certificate.map_err(|cause| failed(format!("{place} is not PEM: {cause}")))?;
				roots.add(certificate).map_err(|cause| failed(format!("{place}: {cause}")))?;
			}
			if roots.is_empty() {
				return Err(failed(format!("{place} holds no certificate")));
			}
		},
		None => {
			let found = rustls_native_certs::load_native_certs();
			roots.add_parsable_certificates(found.certs);
			if roots.is_empty() {
				return Err(failed("the system trusts no certificates".to_owned()));
			}
		},
	}
	let provider = Arc::new(ring::default_provider());
	let config = ClientConfig::builder_with_provider(provider)
		.with_safe_default_protocol_versions()
		.map_err(|cause| failed(cause.to_string()))?;
	Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
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
