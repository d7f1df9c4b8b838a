//! TLS towards a broker of MQTT: whose certificates are trusted.

use std::sync::Arc;

use rustls::{
	ClientConfig, RootCertStore,
	crypto::ring,
	pki_types::{CertificateDer, pem::PemObject},
};

/// A client that trusts the certificates of `pem`, or the system's. Pure but for the system's.
///
/// # Errors
/// In words, without the file's name: if there is no certificate, or one that cannot be read.
pub(crate) fn client(pem: Option<&[u8]>) -> Result<Arc<ClientConfig>, String> {
	let mut roots = RootCertStore::empty();
	match pem {
		Some(pem) => {
			for certificate in CertificateDer::pem_slice_iter(pem) {
				let certificate = certificate.map_err(|cause| format!("it is not PEM: {cause}"))?;
				roots.add(certificate).map_err(|cause| cause.to_string())?;
			}
			if roots.is_empty() {
				return Err("it holds no certificate".to_owned());
			}
		},
		None => {
			roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
			if roots.is_empty() {
				return Err("the system trusts no certificate".to_owned());
			}
		},
	}
	let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
	let builder = builder.with_safe_default_protocol_versions();
	let builder = builder.map_err(|cause| cause.to_string())?;
	Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}
