//! Calls and events in words, by the node's live metadata.

use std::fmt::Write;

use scale_info::{PortableRegistry, TypeDef, TypeDefPrimitive};
use subxt::{
	Metadata,
	ext::{
		scale_decode::visitor::{IgnoreVisitor, decode_with_visitor},
		scale_value::{Composite, Primitive, Value, ValueDef, scale::decode_as_type},
	},
};

use crate::account::account_text;

/// Longest call or event whose fields are put into words, in bytes. Whoever made it chose how deep
/// it is nested; this keeps the depth far from what a thread's stack holds.
const MAX_DECODED: usize = 512;
/// Longest text, in characters; the rest is cut off.
const MAX_TEXT: usize = 600;

/// A call or an event in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
	/// `Pallet.name`.
	pub name: String,
	/// Its fields by name; of a long one, its length.
	pub fields: String,
}

impl std::fmt::Display for Described {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		let Self { name, fields } = self;
		if fields.is_empty() { f.write_str(name) } else { write!(f, "{name} {fields}") }
	}
}

impl Described {
	/// A call of the runtime; `None` if it is none.
	#[must_use]
	pub fn call(bytes: &[u8], metadata: &Metadata) -> Option<Self> {
		let (pallet, rest) = bytes.split_first()?;
		let pallet = metadata.pallet_by_call_index(*pallet)?;
		let call = pallet.call_variant_by_index(*rest.first()?)?;
		let name = format!("{}.{}", pallet.name(), call.name);
		let fields = fields(bytes, metadata.outer_enums().call_enum_ty(), metadata)?;
		Some(Self { name, fields })
	}

	/// An event of the runtime; `None` if it is none.
	#[must_use]
	pub fn event(bytes: &[u8], metadata: &Metadata) -> Option<Self> {
		let (pallet, rest) = bytes.split_first()?;
		let pallet = metadata.pallet_by_event_index(*pallet)?;
		let event = pallet.event_variant_by_index(*rest.first()?)?;
		let name = format!("{}.{}", pallet.name(), event.name);
		let fields = fields(bytes, metadata.outer_enums().event_enum_ty(), metadata)?;
		Some(Self { name, fields })
	}
}

/// The fields of a variant of a pallet's enum within an outer enum.
fn fields(bytes: &[u8], outer: u32, metadata: &Metadata) -> Option<String> {
	if bytes.len() > MAX_DECODED {
		return Some(format!("({} bytes)", bytes.len()));
	}
	let types = metadata.types();
	// Values are allocated for as many items as a list claims to have: skip over them first, which
	// fails unless they are there.
	let mut rest = bytes;
	let skip = IgnoreVisitor::<PortableRegistry>::new();
	decode_with_visitor(&mut rest, outer, types, skip).ok()?;
	if !rest.is_empty() {
		return None;
	}
	let mut input = bytes;
	let value = decode_as_type(&mut input, outer, types).ok()?;
	let mut writer = Writer { metadata, text: String::new() };
	if let Some((_, _, fields)) = parts(&value)
		&& !fields.is_empty()
	{
		writer.composite(fields);
	}
	Some(cut(writer.text))
}

/// Pallet, variant and fields of a value of an outer enum.
fn parts(value: &Value<u32>) -> Option<(&str, &str, &Composite<u32>)> {
	let ValueDef::Variant(pallet) = &value.value else { return None };
	let inner = pallet.values.values().next()?;
	let ValueDef::Variant(variant) = &inner.value else { return None };
	Some((&pallet.name, &variant.name, &variant.values))
}

fn cut(text: String) -> String {
	match text.char_indices().nth(MAX_TEXT) {
		Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
		None => text,
	}
}

/// Puts values into words.
struct Writer<'a> {
	metadata: &'a Metadata,
	text: String,
}

impl Writer<'_> {
	fn value(&mut self, value: &Value<u32>) {
		if self.named(value) {
			return;
		}
		match &value.value {
			ValueDef::Composite(Composite::Unnamed(items))
				if !items.is_empty() && self.is_bytes(value.context) =>
			{
				self.text.push_str(&bytes_text(&bytes(items)));
			},
			// A type around another one.
			ValueDef::Composite(Composite::Unnamed(items)) if items.len() == 1 => {
				items.iter().for_each(|item| self.value(item));
			},
			ValueDef::Composite(composite) => self.composite(composite),
			ValueDef::Variant(variant) => {
				self.text.push_str(&variant.name);
				if !variant.values.is_empty() {
					self.composite(&variant.values);
				}
			},
			ValueDef::BitSequence(bits) => {
				self.text.extend(bits.iter().map(|bit| if bit { '1' } else { '0' }));
			},
			ValueDef::Primitive(primitive) => self.primitive(primitive),
		}
	}

	/// Types that people know in another form.
	fn named(&mut self, value: &Value<u32>) -> bool {
		let types = self.metadata.types();
		let name = types.resolve(value.context).and_then(|found| found.path.segments.last());
		let text = match name.map(String::as_str) {
			Some("AccountId32") => account(value),
			Some("Permill") => number(value).map(|parts| percent(parts, 4)),
			Some("Perbill") => number(value).map(|parts| percent(parts, 7)),
			Some("ModuleError") => self.module_error(value),
			Some("RuntimeCall") => {
				let Some((pallet, call, fields)) = parts(value) else { return false };
				self.text.push_str(&format!("{pallet}.{call}"));
				if !fields.is_empty() {
					self.composite(fields);
				}
				return true;
			},
			_ => None,
		};
		let Some(text) = text else { return false };
		self.text.push_str(&text);
		true
	}

	fn composite(&mut self, composite: &Composite<u32>) {
		self.text.push('(');
		match composite {
			Composite::Named(fields) => {
				for (place, (name, value)) in fields.iter().enumerate() {
					let comma = if place > 0 { ", " } else { "" };
					self.text.push_str(&format!("{comma}{name}: "));
					self.value(value);
				}
			},
			Composite::Unnamed(items) => {
				for (place, value) in items.iter().enumerate() {
					self.text.push_str(if place > 0 { ", " } else { "" });
					self.value(value);
				}
			},
		}
		self.text.push(')');
	}

	fn primitive(&mut self, primitive: &Primitive) {
		match primitive {
			Primitive::Bool(bit) => self.text.push_str(if *bit { "true" } else { "false" }),
			Primitive::Char(letter) => self.text.push_str(&format!("{letter:?}")),
			Primitive::String(text) => self.text.push_str(&format!("{text:?}")),
			Primitive::U128(number) => self.text.push_str(&number.to_string()),
			Primitive::I128(number) => self.text.push_str(&number.to_string()),
			Primitive::U256(number) | Primitive::I256(number) => {
				self.text.push_str(&format!("0x{}", hex::encode(number)));
			},
		}
	}

	/// Whether a type is a list of bytes.
	fn is_bytes(&self, id: u32) -> bool {
		let types = self.metadata.types();
		let item = match types.resolve(id).map(|found| &found.type_def) {
			Some(TypeDef::Sequence(sequence)) => sequence.type_param.id,
			Some(TypeDef::Array(array)) => array.type_param.id,
			_ => return false,
		};
		let item = types.resolve(item).map(|found| &found.type_def);
		matches!(item, Some(TypeDef::Primitive(TypeDefPrimitive::U8)))
	}

	/// A pallet's error by its name.
	fn module_error(&self, value: &Value<u32>) -> Option<String> {
		let ValueDef::Composite(Composite::Named(fields)) = &value.value else { return None };
		let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted);
		let (_, index) = field("index")?;
		let (_, error) = field("error")?;
		let index = u8::try_from(number(index)?).ok()?;
		let variant = inner_bytes(error)?.into_iter().next()?;
		let pallet = self.metadata.pallet_by_error_index(index)?;
		let error = pallet.error_variant_by_index(variant)?;
		Some(format!("{}::{}", pallet.name(), error.name))
	}
}

/// The bytes of a list; what is none is left out.
fn bytes(items: &[Value<u32>]) -> Vec<u8> {
	let number = |item: &Value<u32>| match item.value {
		ValueDef::Primitive(Primitive::U128(number)) => u8::try_from(number).ok(),
		_ => None,
	};
	items.iter().filter_map(number).collect()
}

/// The bytes of a list, through types around it.
fn inner_bytes(value: &Value<u32>) -> Option<Vec<u8>> {
	let mut value = value;
	loop {
		let ValueDef::Composite(Composite::Unnamed(items)) = &value.value else { return None };
		match items.as_slice() {
			[only] if matches!(only.value, ValueDef::Composite(_)) => value = only,
			items => return Some(bytes(items)),
		}
	}
}

/// A number, through types around it.
fn number(value: &Value<u32>) -> Option<u128> {
	let mut value = value;
	loop {
		match &value.value {
			ValueDef::Primitive(Primitive::U128(number)) => return Some(*number),
			ValueDef::Composite(Composite::Unnamed(items)) => value = items.first()?,
			_ => return None,
		}
	}
}

fn account(value: &Value<u32>) -> Option<String> {
	let account = <[u8; 32]>::try_from(inner_bytes(value)?).ok()?;
	Some(account_text(&account))
}

/// Text if it is nothing else, hex otherwise.
fn bytes_text(bytes: &[u8]) -> String {
	let is_plain = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
	if bytes.iter().all(is_plain) {
		return format!("{:?}", String::from_utf8_lossy(bytes));
	}
	let mut text = "0x".to_owned();
	for byte in bytes {
		// Writing into a string does not fail.
		let _ = write!(text, "{byte:02x}");
	}
	text
}

/// A share in percent: the number has `decimals` more decimals than a percent.
fn percent(parts: u128, decimals: usize) -> String {
	let one = 10u128.pow(u32::try_from(decimals).unwrap_or(0));
	let digits = format!("{:0decimals$}", parts % one);
	match digits.trim_end_matches('0') {
		"" => format!("{}%", parts / one),
		fraction => format!("{}.{fraction}%", parts / one),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn shares_are_shown_in_percent() {
		assert_eq!(percent(800_000, 4), "80%");
		assert_eq!(percent(1, 4), "0.0001%");
		assert_eq!(percent(125_000_000, 7), "12.5%");
		assert_eq!(percent(1_000_000_000, 7), "100%");
	}

	#[test]
	fn bytes_are_text_only_if_they_are_plain() {
		assert_eq!(bytes_text(b"more trees"), "\"more trees\"");
		assert_eq!(bytes_text(b"a\"b"), "\"a\\\"b\"");
		assert_eq!(bytes_text(b"\x1b[2J"), "0x1b5b324a");
	}

	#[test]
	fn a_long_text_is_cut() {
		assert_eq!(cut("ä".repeat(MAX_TEXT)), "ä".repeat(MAX_TEXT));
		let long = cut("ä".repeat(MAX_TEXT + 1));
		assert_eq!(long.chars().count(), MAX_TEXT + 1);
		assert!(long.ends_with('…'));
	}
}
