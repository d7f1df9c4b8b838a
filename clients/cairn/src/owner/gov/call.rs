//! What is proposed: the call that the arguments describe, as bytes and in words.

use std::{
	fs,
	path::{Path, PathBuf},
	str::FromStr,
};

use cairn_chain::{
	At, Call, Described, MakerView,
	calls::{devices, system, treasury},
};
use cairn_types::MakerId;
use subxt::Metadata;

use super::{
	super::{error::OwnerError, format, parse, session::Session},
	parameter::{self, Change, Values},
	version,
};

/// Longest call that the chain keeps as a preimage, in bytes.
const MAX_CALL: usize = 4 * 1_024 * 1_024;

/// What is proposed, and for whom it speaks.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("proposal").required(true).args([
	"call_file", "call_hex", "set", "runtime", "spend", "convict", "remark",
]))]
pub(super) struct Proposed {
	/// The track, which says whom the proposal speaks for: see `cairn gov tracks`
	#[arg(long, value_name = "NAME")]
	pub(super) track: String,

	/// A call in a file: its SCALE, as bytes or as 0x-prefixed hex
	#[arg(long, value_name = "FILE")]
	call_file: Option<PathBuf>,

	/// A call: its SCALE in hex, as polkadot.js Apps shows it
	#[arg(long, value_name = "0xHEX")]
	call_hex: Option<HexCall>,

	/// Set parameters, such as rewards.vesting=60: see `cairn gov parameters`
	#[arg(long, value_name = "PARAMETER=VALUE", value_parser = parameter::parse, num_args = 1..)]
	set: Vec<Change>,

	/// Run another runtime: the wasm in a file, compressed or not
	#[arg(long, value_name = "FILE")]
	runtime: Option<PathBuf>,

	/// Spend of the treasury, in CAIRN; anyone can pay it out once it is enacted
	#[arg(long, value_name = "CAIRN", value_parser = format::parse_amount, requires = "to")]
	spend: Option<u128>,

	/// Who receives what is spent
	#[arg(
		long,
		value_name = "ACCOUNT",
		value_parser = parse::account,
		requires = "spend",
		conflicts_with_all = ["call_file", "call_hex", "set", "runtime", "convict", "remark"]
	)]
	to: Option<[u8; 32]>,

	/// Convict a maker: its bond is burned, its certificates admit nothing any more
	#[arg(long, value_name = "MAKER")]
	convict: Option<MakerId>,

	/// Say something on record, without any effect
	#[arg(long, value_name = "TEXT")]
	remark: Option<String>,
}

/// A call's bytes in hex.
#[derive(Clone, Debug, PartialEq, Eq)]
struct HexCall(Vec<u8>);

impl FromStr for HexCall {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let text = text.trim();
		let digits = text.strip_prefix("0x").unwrap_or(text);
		let bytes = hex::decode(digits).map_err(|cause| format!("it is not hex ({cause})"))?;
		if bytes.is_empty() { Err("it is empty".to_owned()) } else { Ok(Self(bytes)) }
	}
}

/// A call that can be proposed.
pub(super) struct Prepared {
	/// Its SCALE.
	pub(super) bytes: Vec<u8>,
	/// What it is.
	pub(super) described: Described,
	/// What its proposer should know.
	pub(super) notes: Vec<String>,
}

/// The call that the arguments describe.
///
/// # Errors
/// If it is none of the chain's runtime, or makes no sense.
pub(super) async fn prepare(
	session: &Session,
	proposed: &Proposed,
) -> Result<Prepared, OwnerError> {
	let metadata = session.chain.metadata().await?;
	let mut notes = Vec::new();
	let bytes = match proposed {
		Proposed { call_hex: Some(HexCall(bytes)), .. } => bytes.clone(),
		Proposed { call_file: Some(file), .. } => call_in(file)?,
		Proposed { runtime: Some(file), .. } => {
			upgrade(session, file, &mut notes).await?.encode(&metadata)?
		},
		Proposed { spend: Some(amount), to: Some(to), .. } => {
			notes.push("once it is enacted, anyone pays it out: cairn gov payout".to_owned());
			treasury::spend(*amount, to).encode(&metadata)?
		},
		Proposed { convict: Some(maker), .. } => {
			ensure_bonded(*maker, session.chain.maker(*maker, At::Best).await?.as_ref())?;
			notes.push(
				"its active devices stay active: anyone has them suspended, where their network \
				 admits certified devices only, by cairn device expel"
					.to_owned(),
			);
			devices::force_retire_maker(*maker).encode(&metadata)?
		},
		Proposed { remark: Some(text), .. } => system::remark(text.as_bytes()).encode(&metadata)?,
		Proposed { set, .. } => settings(session, set, &metadata, &mut notes).await?,
	};
	if bytes.len() > MAX_CALL {
		return Err(OwnerError::usage(
			format!("the call has {} bytes, and the chain keeps {MAX_CALL}", bytes.len()),
			"propose less at once; compress a runtime",
		));
	}
	let described = Described::call(&bytes, &metadata).ok_or_else(|| {
		OwnerError::usage(
			"the bytes are no call of the chain's runtime",
			"encode the call with this chain's metadata, for example in polkadot.js Apps under \
			 Developer, Extrinsics: `encoded call data`",
		)
	})?;
	Ok(Prepared { bytes, described, notes })
}

fn file_error(file: &Path, cause: impl Into<String>, remedy: &str) -> OwnerError {
	let path = file.display().to_string();
	OwnerError::File { path, cause: cause.into(), remedy: remedy.to_owned() }
}

fn read(file: &Path, remedy: &str) -> Result<Vec<u8>, OwnerError> {
	fs::read(file).map_err(|cause| file_error(file, cause.to_string(), remedy))
}

/// A call in a file, as bytes or as hex.
fn call_in(file: &Path) -> Result<Vec<u8>, OwnerError> {
	const REMEDY: &str = "name a file with a call's SCALE, as bytes or as 0x-prefixed hex";
	let content = read(file, REMEDY)?;
	let text = content.trim_ascii();
	match std::str::from_utf8(text) {
		Ok(text) if text.starts_with("0x") => {
			let HexCall(bytes) =
				text.parse().map_err(|cause: String| file_error(file, cause, REMEDY))?;
			Ok(bytes)
		},
		_ => Ok(content),
	}
}

/// The call that runs the runtime in a file; its name and version are checked first.
async fn upgrade(
	session: &Session,
	file: &Path,
	notes: &mut Vec<String>,
) -> Result<Call, OwnerError> {
	const REMEDY: &str = "name the runtime that the build wrote: \
		target/*/wbuild/cairn-runtime/cairn_runtime.compact.compressed.wasm";
	let code = read(file, REMEDY)?;
	let new = version::of_blob(&code).map_err(|cause| file_error(file, cause, REMEDY))?;
	let now = session.chain.spec().await?;
	if new.name != now.name {
		return Err(OwnerError::refused(
			format!("the file holds a runtime of {:?}, the chain is {:?}", new.name, now.name),
			"name a runtime of this chain",
		));
	}
	if new.version <= now.version {
		return Err(OwnerError::refused(
			format!("the file holds version {}, the chain runs {}", new.version, now.version),
			"raise spec_version in the runtime's source and build it again",
		));
	}
	notes.push(format!(
		"from version {} to {}: check beforehand that every node keeps up with it",
		now.version, new.version
	));
	Ok(system::set_code(&code))
}

/// Ensure that a maker has a bond to lose. Pure.
///
/// # Errors
/// If there is no maker with this id, or it was convicted before.
fn ensure_bonded(id: MakerId, maker: Option<&MakerView>) -> Result<(), OwnerError> {
	match maker {
		None => Err(OwnerError::not_found(
			format!("maker {id}"),
			"take the id that `cairn device why` names; a maker that retired is gone",
		)),
		Some(MakerView { bond: None, .. }) => Err(OwnerError::refused(
			format!("maker {id} was convicted before"),
			"have its devices suspended: `cairn device expel`",
		)),
		Some(_) => Ok(()),
	}
}

/// The current values of all parameters.
///
/// # Errors
/// If the node does not answer.
pub(super) async fn values(session: &Session) -> Result<Values, OwnerError> {
	let chain = &session.chain;
	Ok(Values {
		telemetry: chain.seal_policy(At::Best).await?,
		rewards: chain.rewards_policy(At::Best).await?,
		devices: chain.devices_policy(At::Best).await?,
	})
}

/// The call that sets parameters.
async fn settings(
	session: &Session,
	changes: &[Change],
	metadata: &Metadata,
	notes: &mut Vec<String>,
) -> Result<Vec<u8>, OwnerError> {
	let before = values(session).await?;
	let after = before.with(changes).map_err(|cause| {
		OwnerError::usage(cause, "see `cairn gov parameters` for what holds now")
	})?;
	for group in after.whole_groups(&before) {
		notes.push(format!(
			"all values under {group} are set, with what holds now for the others: a change of \
			 them that is enacted before this one is undone"
		));
	}
	let calls = after.calls(&before);
	let call = match calls.as_slice() {
		[only] => only.clone(),
		calls => Call::batch_all(calls, metadata)?,
	};
	Ok(call.encode(metadata)?)
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::BondView;
	use std::io::Write;

	#[test]
	fn works_when_a_call_is_in_hex() {
		for text in ["0x0001ff", "0001ff", " 0x0001FF\n"] {
			assert_eq!(text.parse::<HexCall>(), Ok(HexCall(vec![0, 1, 255])), "{text:?}");
		}
		for text in ["", "0x", "0x0", "0xzz"] {
			assert!(text.parse::<HexCall>().is_err(), "{text:?}");
		}
	}

	#[test]
	fn fails_when_there_is_no_maker_to_convict() {
		let bond = Some(BondView { payer: [7; 32], amount: 1 });
		let maker = MakerView {
			admins: vec![[7; 32]],
			keys: Vec::new(),
			next_key: 1,
			registered: (3, 4),
			devices: 5,
			settled: 6,
			bond,
		};
		assert!(ensure_bonded(MakerId(9), Some(&maker)).is_ok());
		let convicted = MakerView { bond: None, ..maker };
		for (known, says) in [(None, "maker 9"), (Some(&convicted), "maker 9 was convicted")] {
			let error = ensure_bonded(MakerId(9), known).expect_err("refused").to_string();
			assert!(error.contains(says) && error.contains("Remedy: "), "{error}");
		}
	}

	#[test]
	fn works_when_a_call_is_in_a_file() {
		let content = |bytes: &[u8]| {
			let mut file = tempfile::NamedTempFile::new().expect("a file");
			file.write_all(bytes).expect("it can be written");
			call_in(file.path())
		};
		assert_eq!(content(b"0x0001ff\n").expect("hex"), [0, 1, 255]);
		assert_eq!(content(&[0, 1, 255]).expect("bytes"), [0, 1, 255]);
		// Raw bytes are never trimmed.
		assert_eq!(content(b"\x00\x07\x04 ").expect("bytes"), b"\x00\x07\x04 ");
		let error = content(b"0x0").expect_err("half a byte").to_string();
		assert!(error.contains("not hex") && error.contains("Remedy: "), "{error}");
		assert!(call_in(Path::new("/nowhere/call")).is_err());
	}
}
