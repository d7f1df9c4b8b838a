//! The fields of one record, before they are resolved.

use alloc::{borrow::Cow, string::String, vec::Vec};

use crate::{Cause, Decimal, Value};

/// A field's label (RFC 8428 §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
	BaseVersion,
	BaseName,
	BaseTime,
	BaseUnit,
	BaseValue,
	BaseSum,
	Name,
	Unit,
	Value,
	TextValue,
	BoolValue,
	DataValue,
	Sum,
	Time,
	UpdateTime,
	/// Unknown, and must be understood.
	Mandatory,
	/// Unknown, and may be skipped.
	Unknown,
}

impl Label {
	/// The label as JSON writes it.
	pub(super) fn from_text(label: &str) -> Self {
		match label {
			"bver" => Self::BaseVersion,
			"bn" => Self::BaseName,
			"bt" => Self::BaseTime,
			"bu" => Self::BaseUnit,
			"bv" => Self::BaseValue,
			"bs" => Self::BaseSum,
			"n" => Self::Name,
			"u" => Self::Unit,
			"v" => Self::Value,
			"vs" => Self::TextValue,
			"vb" => Self::BoolValue,
			"vd" => Self::DataValue,
			"s" => Self::Sum,
			"t" => Self::Time,
			"ut" => Self::UpdateTime,
			_ if label.ends_with('_') => Self::Mandatory,
			_ => Self::Unknown,
		}
	}

	/// The label as CBOR writes it; no other integers will ever be defined (§6).
	pub(super) const fn from_number(label: i128) -> Self {
		match label {
			-1 => Self::BaseVersion,
			-2 => Self::BaseName,
			-3 => Self::BaseTime,
			-4 => Self::BaseUnit,
			-5 => Self::BaseValue,
			-6 => Self::BaseSum,
			0 => Self::Name,
			1 => Self::Unit,
			2 => Self::Value,
			3 => Self::TextValue,
			4 => Self::BoolValue,
			5 => Self::Sum,
			6 => Self::Time,
			7 => Self::UpdateTime,
			8 => Self::DataValue,
			_ => Self::Unknown,
		}
	}
}

/// A field's value, in the types of SenML.
pub(super) enum Item<'a> {
	Number(Decimal),
	Text(Cow<'a, str>),
	Bool(bool),
	Data(Vec<u8>),
}

/// What one record says.
#[derive(Default)]
pub(super) struct Fields<'a> {
	pub(super) version: Option<u64>,
	pub(super) base_name: Option<Cow<'a, str>>,
	pub(super) base_time: Option<Decimal>,
	pub(super) base_unit: Option<Cow<'a, str>>,
	pub(super) base_value: Option<Decimal>,
	pub(super) base_sum: Option<Decimal>,
	pub(super) name: Option<Cow<'a, str>>,
	pub(super) unit: Option<Cow<'a, str>>,
	pub(super) value: Option<Value>,
	pub(super) sum: Option<Decimal>,
	pub(super) time: Option<Decimal>,
	update_time: Option<Decimal>,
	/// Which of v, vs, vb and vd gave the value.
	value_label: Option<Label>,
}

impl<'a> Fields<'a> {
	/// Take a field over.
	pub(super) fn set(&mut self, label: Label, item: Item<'a>) -> Result<(), Cause> {
		match (label, item) {
			(Label::BaseVersion, Item::Number(number)) => {
				let version = whole(number).ok_or(Cause::UnsupportedVersion)?;
				once(&mut self.version, version)
			},
			(Label::BaseName, Item::Text(text)) => once(&mut self.base_name, text),
			(Label::BaseTime, Item::Number(number)) => once(&mut self.base_time, number),
			(Label::BaseUnit, Item::Text(text)) => once(&mut self.base_unit, text),
			(Label::BaseValue, Item::Number(number)) => once(&mut self.base_value, number),
			(Label::BaseSum, Item::Number(number)) => once(&mut self.base_sum, number),
			(Label::Name, Item::Text(text)) => once(&mut self.name, text),
			(Label::Unit, Item::Text(text)) => once(&mut self.unit, text),
			(Label::Sum, Item::Number(number)) => once(&mut self.sum, number),
			(Label::Time, Item::Number(number)) => once(&mut self.time, number),
			(Label::UpdateTime, Item::Number(number)) => once(&mut self.update_time, number),
			(Label::Value, Item::Number(number)) => self.set_value(label, Value::Number(number)),
			(Label::BoolValue, Item::Bool(is_on)) => self.set_value(label, Value::Bool(is_on)),
			(Label::DataValue, Item::Data(data)) => self.set_value(label, Value::Data(data)),
			(Label::TextValue, Item::Text(text)) => {
				self.set_value(label, Value::Text(String::from(text)))
			},
			(Label::Mandatory, _) => Err(Cause::UnknownMandatory),
			(Label::Unknown, _) => Ok(()),
			_ => Err(Cause::WrongType),
		}
	}

	fn set_value(&mut self, label: Label, value: Value) -> Result<(), Cause> {
		match self.value_label.replace(label) {
			Some(held) if held == label => Err(Cause::DuplicateLabel),
			Some(_) => Err(Cause::ManyValues),
			None => {
				self.value = Some(value);
				Ok(())
			},
		}
	}

	/// Whether there are base fields and nothing else.
	pub(super) const fn is_base_only(&self) -> bool {
		let has_base = self.version.is_some()
			|| self.base_name.is_some()
			|| self.base_time.is_some()
			|| self.base_unit.is_some()
			|| self.base_value.is_some()
			|| self.base_sum.is_some();
		let has_other = self.name.is_some()
			|| self.unit.is_some()
			|| self.value.is_some()
			|| self.sum.is_some()
			|| self.time.is_some()
			|| self.update_time.is_some();
		has_base && !has_other
	}
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Cause> {
	match place.replace(value) {
		Some(_) => Err(Cause::DuplicateLabel),
		None => Ok(()),
	}
}

/// The number, if it is a whole one that fits.
fn whole(number: Decimal) -> Option<u64> {
	if number.exponent() < 0 { None } else { u64::try_from(number.floor(0)?).ok() }
}
