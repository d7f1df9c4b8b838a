//! What every story puts on a fresh chain: a maker, certificates, gateways.

use cairn_chain::{Call, Chain, Outcome, Signer, SubmitOptions, calls};
use cairn_types::{
	Certificate, CertificateClaim, CertifierKey, DeviceKey, GatewayId, Hash32, MakerId, NetworkId,
};
use sp_core::bounded::BoundedVec;

use crate::{
	agent::{DevicePair, Scheme},
	clock::now_millis,
	owner::{OwnerError, certificate, gateway},
};

/// How long a device's certificate is good.
const CERTIFICATE_MILLIS: u64 = 86_400_000;
/// Seed of the maker's certification key. It certifies a demo's devices, and protects nothing.
const MAKER_SEED: [u8; 32] = *b"the maker of the demo's devices.";

/// Send a call.
///
/// # Errors
/// If the chain refuses it.
pub(super) async fn send(
	chain: &Chain,
	call: &Call,
	signer: &Signer,
) -> Result<Outcome, OwnerError> {
	Ok(Box::pin(chain.submit(call, signer, SubmitOptions::default())).await?)
}

/// The maker's certification key.
fn maker_pair() -> DevicePair {
	DevicePair::from_seed(Scheme::Ed25519, &MAKER_SEED)
}

/// The call by which its sender becomes the maker.
///
/// # Errors
/// If the maker's key is not of the kind that certifies, which it is.
pub(super) fn become_maker() -> Result<Call, OwnerError> {
	let DeviceKey::Ed25519(certifies) = maker_pair().public() else {
		return Err(OwnerError::refused("the maker's key is not ed25519", "report it"));
	};
	Ok(calls::devices::register_maker(&CertifierKey::Ed25519(certifies)))
}

/// Certify a device's key, under a serial number of its own.
///
/// # Errors
/// If the maker's key is not of the kind that certifies, which it is.
pub(super) fn certify(
	genesis: &Hash32,
	maker: MakerId,
	key: &DeviceKey,
	serial: &str,
) -> Result<Certificate, OwnerError> {
	let claim = CertificateClaim {
		maker,
		key_index: 0,
		model: BoundedVec::truncate_from(b"demo".to_vec()),
		serial: BoundedVec::truncate_from(serial.as_bytes().to_vec()),
		expiry: now_millis().saturating_add(CERTIFICATE_MILLIS),
	};
	certificate::sign(&maker_pair(), genesis, key, claim)
}

/// Register a gateway for a network.
///
/// # Errors
/// If the chain refuses it.
pub(super) async fn register_gateway(
	chain: &Chain,
	sealer: &Signer,
	network: NetworkId,
	url: &str,
) -> Result<GatewayId, OwnerError> {
	let call = calls::telemetry::register_gateway(network, &gateway::endpoint(url)?);
	gateway::registered(&send(chain, &call, sealer).await?)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn certificates_are_of_the_maker_that_registers() {
		assert_eq!(become_maker().expect("a call").name(), "Devices.register_maker");
		let device = DevicePair::from_seed(Scheme::Ed25519, &[1; 32]).public();
		let certificate = certify(&[2; 32], MakerId(3), &device, "0001").expect("signed");
		let Certificate::V1(certificate) = certificate else { panic!("of the first version") };
		let message = certificate.claim.message(&[2; 32], &device);
		let signature = cairn_types::DeviceSignature::Ed25519(certificate.signature);
		assert!(maker_pair().public().verify(&message, &signature));
	}
}
