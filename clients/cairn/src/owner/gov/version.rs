//! Name and version of a runtime in a file, read without running it. Pure.

use cairn_chain::Spec;
use sp_maybe_compressed_blob::{CODE_BLOB_BOMB_LIMIT, decompress};

/// How WebAssembly begins: magic number and version.
const MAGIC: &[u8] = b"\0asm\x01\0\0\0";
/// The section into which a runtime's build writes its version.
const SECTION: &[u8] = b"runtime_version";

/// Name and version of a runtime, compressed or not; says what is wrong with the file.
pub(super) fn of_blob(blob: &[u8]) -> Result<Spec, String> {
	let wasm = decompress(blob, CODE_BLOB_BOMB_LIMIT)
		.map_err(|cause| format!("it cannot be decompressed ({cause})"))?;
	let sections = wasm.strip_prefix(MAGIC).ok_or("it is not WebAssembly")?;
	let version = custom_section(sections, SECTION)
		.ok_or("it has no section runtime_version: it is no runtime, or was stripped of it")?;
	Spec::decode(version).map_err(|cause| format!("its version does not decode ({cause})"))
}

/// Content of the first custom section of that name.
fn custom_section<'a>(mut sections: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
	const CUSTOM: u8 = 0;
	while let Some((kind, rest)) = sections.split_first() {
		let (section, next) = sized(rest)?;
		sections = next;
		if *kind != CUSTOM {
			continue;
		}
		let (found, content) = sized(section)?;
		if found == name {
			return Some(content);
		}
	}
	None
}

/// Bytes behind their length, and what follows them.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
	let (length, rest) = leb128(bytes)?;
	rest.split_at_checked(usize::try_from(length).ok()?)
}

/// A number of at most 32 bits in LEB128, and what follows it.
fn leb128(bytes: &[u8]) -> Option<(u32, &[u8])> {
	let mut number = 0u64;
	for (place, byte) in bytes.iter().take(5).enumerate() {
		number |= u64::from(byte & 0x7f) << (7 * place);
		if byte & 0x80 == 0 {
			let rest = bytes.get(place + 1..).unwrap_or_default();
			return Some((u32::try_from(number).ok()?, rest));
		}
	}
	None
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;

	fn section(kind: u8, content: &[u8]) -> Vec<u8> {
		let length = u8::try_from(content.len()).expect("it is short");
		// A length may be written longer than it has to be.
		[&[kind, length | 0x80, 0x00][..], content].concat()
	}

	fn custom(name: &[u8], content: &[u8]) -> Vec<u8> {
		let length = u8::try_from(name.len()).expect("it is short");
		section(0, &[&[length][..], name, content].concat())
	}

	fn runtime() -> Vec<u8> {
		let version = ("cairn", "cairn", 1u32, 7u32, 1u32).encode();
		let sections = [
			section(1, &[1, 2, 3]),
			custom(b"name", b"runtime_version"),
			custom(b"runtime_version", &version),
			section(10, &[4]),
		];
		[MAGIC, &sections.concat()].concat()
	}

	#[test]
	fn works_when_the_file_is_a_runtime() {
		let expected = Ok(Spec { name: "cairn".to_owned(), version: 7 });
		assert_eq!(of_blob(&runtime()), expected);
		let compressed = sp_maybe_compressed_blob::compress_weakly(&runtime(), 1_000);
		assert_eq!(of_blob(&compressed.expect("it is short")), expected);
	}

	#[test]
	fn fails_when_the_file_is_none() {
		let wrong = |blob: &[u8]| of_blob(blob).expect_err("it is none");
		assert!(wrong(b"").contains("not WebAssembly"));
		assert!(wrong(b"#!/bin/sh").contains("not WebAssembly"));
		assert!(wrong(MAGIC).contains("no section"));
		let cut = &runtime()[..40];
		assert!(wrong(cut).contains("no section"));
		let empty = [MAGIC, &custom(SECTION, &[])].concat();
		assert!(wrong(&empty).contains("does not decode"));
		assert!(wrong(&[0x52, 0xbc, 0x53, 0x76, 0x46, 0xdb, 0x8e, 0x05, 1]).contains("decompress"));
	}

	#[test]
	fn a_number_ends_where_it_says() {
		assert_eq!(leb128(&[0x05, 9]), Some((5, &[9][..])));
		assert_eq!(leb128(&[0xe5, 0x8e, 0x26]), Some((624_485, &[][..])));
		assert_eq!(leb128(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Some((u32::MAX, &[][..])));
		assert_eq!(leb128(&[0xff, 0xff, 0xff, 0xff, 0x1f]), None);
		assert_eq!(leb128(&[0x80; 6]), None);
		assert_eq!(leb128(&[0x80]), None);
		assert_eq!(leb128(&[]), None);
	}
}
