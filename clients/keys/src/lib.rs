//! Keys and signatures on P-256 as hardware and tools write them, read into the one form that the chain
//! takes.
//!
//! Hardware and libraries give signatures in three forms, half of them with a high `s`. Whoever has a
//! device chooses what comes: [`signature`] and [`public_key`] are pure, and fuzzed.

#![warn(missing_docs)]

use cairn_types::{P256Public, P256Signature};
use p256::{ecdsa::Signature, elliptic_curve::sec1::ToEncodedPoint, pkcs8::DecodePublicKey};

/// Names the kind of key in files and arguments.
const SCHEME: &str = "p256";
/// How a TPM's own structure of an ECDSA signature with SHA-256 begins (TPM 2.0 library, part 2,
/// TPMT_SIGNATURE).
const TPM_ECDSA_SHA256: [u8; 4] = [0x00, 0x18, 0x00, 0x0b];

/// A public key on P-256 in the one form that the chain takes. Reads PEM and DER (SubjectPublicKeyInfo,
/// RFC 5480), and SEC 1 points in hex, compressed or not, with or without `p256:` before them. Pure.
///
/// # Errors
/// If it is none of these, or no point of the curve.
pub fn public_key(bytes: &[u8]) -> Result<P256Public, String> {
	let key = match std::str::from_utf8(bytes).map(str::trim) {
		Ok(text) if text.starts_with("-----BEGIN") => {
			p256::PublicKey::from_public_key_pem(text).map_err(|cause| cause.to_string())
		},
		Ok(text) => {
			let digits = text.strip_prefix(SCHEME).unwrap_or(text).trim_start_matches([':', ' ']);
			let point = hex::decode(digits.strip_prefix("0x").unwrap_or(digits));
			let point = point.map_err(|_| "it is no key in hex".to_owned())?;
			p256::PublicKey::from_sec1_bytes(&point).map_err(|cause| cause.to_string())
		},
		Err(_) => p256::PublicKey::from_public_key_der(bytes).map_err(|cause| cause.to_string()),
	};
	let key = key.map_err(|cause| format!("not a public key on P-256 ({cause})"))?;
	let encoded = key.to_encoded_point(true);
	let point: Result<[u8; 33], _> = encoded.as_bytes().try_into();
	point.map(P256Public).map_err(|_| "not a point of the curve".to_owned())
}

/// A signature on P-256 in the one form that the chain takes: r ‖ s, with `s` at most half of the
/// order. Reads 64 bytes as r ‖ s (ATECC608, WebCrypto, PKCS #11), DER (X.509, OpenSSL, Android, iOS)
/// and a TPM's own structure; either also in hex. Pure.
///
/// # Errors
/// If it is none of these, or r or s is out of range.
pub fn signature(bytes: &[u8]) -> Result<P256Signature, String> {
	if let Some(decoded) = hex_text(bytes) {
		return signature(&decoded);
	}
	let parsed = match bytes {
		bytes if bytes.len() == 64 => Signature::from_slice(bytes),
		[0x30, ..] => Signature::from_der(bytes),
		bytes => Signature::from_slice(&tpm_scalars(bytes).unwrap_or_default()),
	};
	let parsed = parsed.map_err(|_| {
		format!("its {} bytes are no ECDSA signature on P-256, as DER or as r and s", bytes.len())
	})?;
	let low = parsed.normalize_s().unwrap_or(parsed).to_bytes();
	let scalars: Result<[u8; 64], _> = low.as_slice().try_into();
	scalars.map(P256Signature).map_err(|_| "it is no signature".to_owned())
}

/// r ‖ s of a TPM's structure: algorithm, hash, then both with their lengths, without leading zeros.
fn tpm_scalars(bytes: &[u8]) -> Option<Vec<u8>> {
	let mut rest = bytes.strip_prefix(&TPM_ECDSA_SHA256)?;
	let mut scalars = Vec::new();
	for _ in 0..2 {
		let (length, after) = rest.split_first_chunk::<2>()?;
		let (scalar, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
		let zeros = 32usize.checked_sub(scalar.len())?;
		scalars.resize(scalars.len().saturating_add(zeros), 0);
		scalars.extend_from_slice(scalar);
		rest = after;
	}
	rest.is_empty().then_some(scalars)
}

/// What text in hex says; `None` if it is none.
fn hex_text(bytes: &[u8]) -> Option<Vec<u8>> {
	let text = std::str::from_utf8(bytes).ok()?.trim();
	let digits = text.strip_prefix("0x").unwrap_or(text);
	// Shorter ones are signatures that happen to be text.
	if digits.len() < 128 { None } else { hex::decode(digits).ok() }
}

#[cfg(test)]
mod tests {
	use cairn_types::Hash32;

	use super::*;

	/// Made with OpenSSL 3.0; what was signed is 0, 1, 2, …, 31.
	const OPENSSL_PEM: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbdxBdZC0eBezV1lx/B1eMkwR6ole
Q5ZGel6HpeCit362RH3Bpp2Cl0IB6kN3NTgC7pd9gbPMA91632Jvi7ribw==
-----END PUBLIC KEY-----
";
	const OPENSSL_POINT: &str =
		"036ddc417590b47817b3575971fc1d5e324c11ea895e4396467a5e87a5e0a2b77e";
	const OPENSSL_LOW: &str = "304402206c53e3471542802c632150bed0f9cb971a0af3e81038da029e2f77d09a\
		8fa45e02207a5fa8f4558ed32c7a541e85cacd94952f2c4121109cf23c48009a685e76b546";
	const OPENSSL_HIGH: &str = "3046022100b1411e8d957d66067f8424350d17ef184fb3f1eb5177d24722c6f5\
		e634d0a179022100b43f1697d5d034b489e14705690cdbbbd3634f984f986dce4b267486a5abd018";
	/// Made with tpm2-tools 5.4 by a software TPM (libtpms 0.9.2): PEM without a last line feed, a
	/// signature in the TPM's own form and one of `-f plain`.
	const TPM_PEM: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAERm6tmKXiJvv1wniaefp8apeGkId3
ve6B2JITwQH/U4++9hUrPXAkK5SMK8O0ig4VCSf8EGzDhgdpbvxJMWZM9g==
-----END PUBLIC KEY-----";
	const TPM_MESSAGE: &str = "48a0887b258919581ad48ecfbf87b036bbad763ff95f079547a7dd1a077b737a";
	const TPM_OWN: &str = "0018000b002018d625fcd1411e7b92fe42c50da4a19fd1b3b286e45eaae125818daec8\
		550a040020d1ee147574238a8654af05e91d5a822bcc377fc6685668b9206d22fd948a74b2";
	const TPM_PLAIN: &str = "304402202b3a920fa6158b90320e429507386bc769f098b17b91161eeb971a3a047ce3\
		b102202490d35d0c3019a7c9cb53e6d46b687be4fb552c19b90be47039f2ce55c803c6";

	fn unhex(text: &str) -> Vec<u8> {
		hex::decode(text).expect("hex")
	}

	fn counted() -> Hash32 {
		std::array::from_fn(|place| u8::try_from(place).expect("a byte"))
	}

	#[test]
	fn works_when_openssl_or_a_tpm_signed() {
		let openssl = public_key(OPENSSL_PEM.as_bytes()).expect("a key");
		let tpm = public_key(TPM_PEM.as_bytes()).expect("a key");
		let message: Hash32 = unhex(TPM_MESSAGE).try_into().expect("32 bytes");
		for (key, message, given) in [
			(openssl, counted(), OPENSSL_LOW),
			(openssl, counted(), OPENSSL_HIGH),
			(tpm, message, TPM_OWN),
			(tpm, message, TPM_PLAIN),
		] {
			let low = signature(&unhex(given)).expect("a signature");
			assert!(low.is_low_s() && key.verify(&message, &low), "{given}");
			// In hex, with what tools put around it.
			assert_eq!(signature(format!("0x{given}\n").as_bytes()), Ok(low));
			// What has the one form already stays as it is.
			assert_eq!(signature(&low.0), Ok(low));
		}
	}

	#[test]
	fn leading_zeros_that_a_tpm_leaves_out_are_put_back() {
		let own = [&TPM_ECDSA_SHA256[..], &[0, 1, 7], &[0, 2, 1, 0]].concat();
		let scalars = signature(&own).expect("a signature").0;
		assert_eq!((scalars[31], &scalars[62..]), (7, [1, 0].as_slice()));
		assert!(scalars[..31].iter().chain(&scalars[32..62]).all(|byte| *byte == 0));
	}

	#[test]
	fn fails_when_it_is_no_signature() {
		let good = unhex(OPENSSL_LOW);
		let longer = [good.as_slice(), &[0]].concat();
		let own = unhex(TPM_OWN);
		let mut of_sha384 = own.clone();
		of_sha384[3] = 0x0c;
		let zeros = "00".repeat(64);
		let wrong: [&[u8]; 10] = [
			&[],
			&[0; 64],
			&[0xff; 64],
			b"no signature",
			&good[..69],
			&longer,
			&own[..71],
			&of_sha384,
			&[0x30, 0x00],
			zeros.as_bytes(),
		];
		for bytes in wrong {
			assert!(signature(bytes).is_err(), "{bytes:02x?}");
		}
	}

	#[test]
	fn works_when_a_key_is_in_any_form() {
		let expected = P256Public(unhex(OPENSSL_POINT).try_into().expect("33 bytes"));
		let key = p256::PublicKey::from_public_key_pem(OPENSSL_PEM).expect("a key");
		let point = key.to_encoded_point(false);
		let prefix = unhex("3059301306072a8648ce3d020106082a8648ce3d030107034200");
		let der = [prefix.as_slice(), point.as_bytes()].concat();
		let texts = [
			OPENSSL_PEM.to_owned(),
			OPENSSL_POINT.to_owned(),
			format!("p256:{OPENSSL_POINT}\n"),
			format!("p256 0x{OPENSSL_POINT}"),
			hex::encode(point.as_bytes()),
		];
		for bytes in texts.iter().map(String::as_bytes).chain([der.as_slice()]) {
			assert_eq!(public_key(bytes), Ok(expected));
		}
	}

	#[test]
	fn fails_when_it_is_no_key() {
		let off_curve = format!("03{}", "03".repeat(32));
		let other_label = OPENSSL_PEM.replace("PUBLIC", "PRIVATE");
		for text in
			["", "p256:", "zz", "02", &off_curve, &other_label, "-----BEGIN PUBLIC KEY-----"]
		{
			assert!(public_key(text.as_bytes()).is_err(), "{text}");
		}
		assert!(public_key(&[0x30, 0x81, 0xff, 0xfe]).is_err());
	}
}
