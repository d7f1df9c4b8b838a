//! Other names of units: how texts that are not SenML call them.

use super::Unit;

/// Symbols as UCUM and makers of sensors write them; case matters. Registered symbols mean the same
/// in UCUM, or nothing, and are not repeated; but UCUM's bel is `B`, which here is the byte.
const SYMBOLS: &[(&str, Unit)] = &[
	("1", Unit::One),
	("%", Unit::Percent),
	("[ppth]", Unit::Permille),
	("‰", Unit::Permille),
	("[ppm]", Unit::Ppm),
	("[ppb]", Unit::Ppb),
	("[pptr]", Unit::Ppt),
	("/s", Unit::PerSecond),
	("s-1", Unit::PerSecond),
	("/min", Unit::PerMinute),
	("min-1", Unit::PerMinute),
	("{count}", Unit::Count),
	("m²", Unit::SquareMetre),
	("m³", Unit::CubicMetre),
	("L", Unit::Litre),
	("L/s", Unit::LitrePerSecond),
	("m³/s", Unit::CubicMetrePerSecond),
	("m/s²", Unit::MetrePerSecondSquared),
	("°", Unit::DegreeOfAngle),
	("°C", Unit::Celsius),
	("degC", Unit::Celsius),
	("mbar", Unit::Hectopascal),
	("Ω", Unit::Ohm),
	("W/m²", Unit::WattPerSquareMetre),
	("V.A", Unit::VoltAmpere),
	("kV.A", Unit::KilovoltAmpere),
	("V.A.s", Unit::VoltAmpereSecond),
	("V.A.h", Unit::VoltAmpereHour),
	("kV.A.h", Unit::KilovoltAmpereHour),
	("A.h", Unit::AmpereHour),
	("W.h", Unit::WattHour),
	("kW.h", Unit::KilowattHour),
	("W.h/km", Unit::WattHourPerKilometre),
	("VAr", Unit::VoltAmpereReactive),
	("kVAr", Unit::Kilovar),
	("VArh", Unit::VarHour),
	("kVArh", Unit::KilovarHour),
	("By", Unit::Byte),
	("KiBy", Unit::Kibibyte),
	("GBy", Unit::Gigabyte),
	("By/s", Unit::BytePerSecond),
	("MBy/s", Unit::MegabytePerSecond),
	("bps", Unit::BitPerSecond),
	("Mbps", Unit::MegabitPerSecond),
	("g/m3", Unit::MilligramPerLitre),
	("mg/L", Unit::MilligramPerLitre),
	("g/L", Unit::GramPerLitre),
	("ug/L", Unit::MicrogramPerLitre),
	("µg/L", Unit::MicrogramPerLitre),
	("μg/L", Unit::MicrogramPerLitre),
	("µg/l", Unit::MicrogramPerLitre),
	("μg/l", Unit::MicrogramPerLitre),
	("mg/m3", Unit::MicrogramPerLitre),
	("mg/m³", Unit::MicrogramPerLitre),
	("µg/m3", Unit::MicrogramPerCubicMetre),
	("μg/m3", Unit::MicrogramPerCubicMetre),
	("µg/m³", Unit::MicrogramPerCubicMetre),
	("μg/m³", Unit::MicrogramPerCubicMetre),
	("[pH]", Unit::Ph),
];

/// Words, as OpenMetrics and people write them; case does not matter, `_` joins.
const WORDS: &[(&str, Unit)] = &[
	("ratio", Unit::One),
	("count", Unit::Count),
	("percent", Unit::Percent),
	("permille", Unit::Permille),
	("seconds", Unit::Second),
	("second", Unit::Second),
	("milliseconds", Unit::Millisecond),
	("millisecond", Unit::Millisecond),
	("minutes", Unit::Minute),
	("minute", Unit::Minute),
	("hours", Unit::Hour),
	("hour", Unit::Hour),
	("hertz", Unit::Hertz),
	("megahertz", Unit::Megahertz),
	("rpm", Unit::PerMinute),
	("bpm", Unit::BeatsPerMinute),
	("meters", Unit::Metre),
	("meter", Unit::Metre),
	("metres", Unit::Metre),
	("metre", Unit::Metre),
	("millimeters", Unit::Millimetre),
	("millimetres", Unit::Millimetre),
	("centimeters", Unit::Centimetre),
	("centimetres", Unit::Centimetre),
	("kilometers", Unit::Kilometre),
	("kilometres", Unit::Kilometre),
	("square_meters", Unit::SquareMetre),
	("cubic_meters", Unit::CubicMetre),
	("liters", Unit::Litre),
	("litres", Unit::Litre),
	("liters_per_second", Unit::LitrePerSecond),
	("cubic_meters_per_second", Unit::CubicMetrePerSecond),
	("grams", Unit::Gram),
	("kilograms", Unit::Kilogram),
	("meters_per_second", Unit::MetrePerSecond),
	("kilometers_per_hour", Unit::KilometrePerHour),
	("kph", Unit::KilometrePerHour),
	("meters_per_second_squared", Unit::MetrePerSecondSquared),
	("radians", Unit::Radian),
	("degrees", Unit::DegreeOfAngle),
	("celsius", Unit::Celsius),
	("degrees_celsius", Unit::Celsius),
	("kelvin", Unit::Kelvin),
	("pascals", Unit::Pascal),
	("pascal", Unit::Pascal),
	("hectopascals", Unit::Hectopascal),
	("millibar", Unit::Hectopascal),
	("lux", Unit::Lux),
	("lumens", Unit::Lumen),
	("candelas", Unit::Candela),
	("decibels", Unit::Decibel),
	("decibel", Unit::Decibel),
	("dbm", Unit::DecibelMilliwatt),
	("volts", Unit::Volt),
	("volt", Unit::Volt),
	("millivolts", Unit::Millivolt),
	("amperes", Unit::Ampere),
	("ampere", Unit::Ampere),
	("amps", Unit::Ampere),
	("milliamperes", Unit::Milliampere),
	("coulombs", Unit::Coulomb),
	("ampere_hours", Unit::AmpereHour),
	("ohms", Unit::Ohm),
	("siemens", Unit::Siemens),
	("farads", Unit::Farad),
	("henries", Unit::Henry),
	("webers", Unit::Weber),
	("teslas", Unit::Tesla),
	("watts", Unit::Watt),
	("watt", Unit::Watt),
	("kilowatts", Unit::Kilowatt),
	("watts_per_square_meter", Unit::WattPerSquareMetre),
	("volt_amperes", Unit::VoltAmpere),
	("joules", Unit::Joule),
	("joule", Unit::Joule),
	("watt_hours", Unit::WattHour),
	("kilowatt_hours", Unit::KilowattHour),
	("newtons", Unit::Newton),
	("bits", Unit::Bit),
	("bytes", Unit::Byte),
	("byte", Unit::Byte),
	("kibibytes", Unit::Kibibyte),
	("gigabytes", Unit::Gigabyte),
	("bits_per_second", Unit::BitPerSecond),
	("megabits_per_second", Unit::MegabitPerSecond),
	("bytes_per_second", Unit::BytePerSecond),
	("megabytes_per_second", Unit::MegabytePerSecond),
	("moles", Unit::Mole),
	("becquerels", Unit::Becquerel),
	("grays", Unit::Gray),
	("sieverts", Unit::Sievert),
	("katals", Unit::Katal),
	("micrograms_per_cubic_meter", Unit::MicrogramPerCubicMetre),
	("milligrams_per_liter", Unit::MilligramPerLitre),
	("millimeters_per_hour", Unit::MillimetrePerHour),
];

impl Unit {
	/// The unit of a SenML record's `u`. There, `%` is another name of `/`: a ratio of which 1 is
	/// the whole, in spite of how it looks (RFC 8428 §12.1). Percent is `/100`.
	#[must_use]
	pub fn from_senml(symbol: &str) -> Option<Self> {
		if symbol == "%" { Some(Self::One) } else { by_symbol(symbol) }
	}

	/// The unit of which a text that is not SenML speaks: its symbol, else what UCUM, OpenMetrics
	/// and makers of sensors call it. Here, `%` is percent.
	#[must_use]
	pub fn from_name(name: &str) -> Option<Self> {
		let by_other_symbol = || {
			let found = SYMBOLS.iter().find(|(symbol, _)| *symbol == name);
			found.map(|(_, unit)| *unit)
		};
		let by_word = || {
			let found = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(name));
			found.map(|(_, unit)| *unit)
		};
		by_symbol(name).or_else(by_other_symbol).or_else(by_word)
	}
}

fn by_symbol(symbol: &str) -> Option<Unit> {
	Unit::ALL.iter().copied().find(|unit| unit.symbol() == symbol)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	#[test]
	fn every_symbol_is_read_back() {
		for unit in Unit::ALL {
			assert_eq!(Unit::from_senml(unit.symbol()), Some(*unit));
			assert_eq!(Unit::from_name(unit.symbol()), Some(*unit));
		}
	}

	#[test]
	fn every_alias_says_something_new() {
		let mut seen = Unit::ALL.iter().map(|unit| unit.symbol()).collect::<BTreeSet<_>>();
		for (symbol, unit) in SYMBOLS {
			assert!(seen.insert(*symbol), "{symbol} is there already");
			assert_eq!(Unit::from_name(symbol), Some(*unit));
		}
		let mut words = BTreeSet::new();
		for (word, unit) in WORDS {
			assert!(word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{word}");
			assert!(words.insert(word), "{word} is there already");
			assert_eq!(Unit::from_name(word), Some(*unit));
			assert_eq!(Unit::from_name(&word.to_ascii_uppercase()), Some(*unit));
		}
	}

	#[test]
	fn a_percent_sign_is_a_ratio_in_senml_only() {
		assert_eq!(Unit::from_senml("%"), Some(Unit::One));
		assert_eq!(Unit::from_senml("/100"), Some(Unit::Percent));
		assert_eq!(Unit::from_name("%"), Some(Unit::Percent));
	}

	#[test]
	fn fails_when_nobody_calls_a_unit_so() {
		for name in ["", " ", "parsec", "MS", "CEL", "KWH", "celsius "] {
			assert_eq!(Unit::from_senml(name), None, "{name}");
			assert_eq!(Unit::from_name(name), None, "{name}");
		}
		assert_eq!(Unit::from_senml("celsius"), None);
	}
}
