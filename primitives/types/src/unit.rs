//! Quantities and units as closed, versioned enums; units from the IANA SenML registry (RFC 8428
//! §12.1) and its secondary units (RFC 8798). New ones are appended: an index never changes.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// What is measured.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Quantity {
	/// A ratio or a bare number.
	Dimensionless,
	/// How many.
	Count,
	/// Time.
	Duration,
	/// Events per second.
	Frequency,
	/// Distance.
	Length,
	/// Area.
	Area,
	/// Volume.
	Volume,
	/// Mass.
	Mass,
	/// Speed.
	Speed,
	/// Acceleration.
	Acceleration,
	/// Plane angle.
	Angle,
	/// Temperature.
	Temperature,
	/// Relative humidity.
	RelativeHumidity,
	/// Pressure.
	Pressure,
	/// Light on a surface.
	Illuminance,
	/// Light of a source.
	LuminousIntensity,
	/// Mass per volume.
	Concentration,
	/// Sound level.
	Sound,
	/// Signal strength.
	Signal,
	/// Electric potential.
	Voltage,
	/// Electric current.
	Current,
	/// Electric charge.
	Charge,
	/// Electric resistance.
	Resistance,
	/// Power.
	Power,
	/// Energy.
	Energy,
	/// Reactive power.
	ReactivePower,
	/// Apparent power.
	ApparentPower,
	/// Magnetic flux density.
	MagneticFlux,
	/// Amount of data.
	Information,
	/// Data per second.
	DataRate,
	/// Volume per second.
	Flow,
	/// PH.
	Acidity,
	/// Electric conductivity.
	Conductivity,
	/// Power per area.
	Irradiance,
	/// Force.
	Force,
	/// How full.
	Level,
	/// WGS 84 latitude.
	Latitude,
	/// WGS 84 longitude.
	Longitude,
	/// Decays per second.
	Radioactivity,
	/// Amount of substance.
	Substance,
	/// Runnable work per processor.
	Load,
}

/// In which unit.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum Unit {
	/// Ratio.
	#[serde(rename = "/")]
	One,
	/// Counted things.
	#[serde(rename = "count")]
	Count,
	/// Percent.
	#[serde(rename = "%")]
	Percent,
	/// Percent of relative humidity.
	#[serde(rename = "%RH")]
	RelativeHumidity,
	/// Percent of remaining battery energy.
	#[serde(rename = "%EL")]
	BatteryPercent,
	/// Seconds of remaining battery energy.
	#[serde(rename = "EL")]
	BatterySeconds,
	/// Second.
	#[serde(rename = "s")]
	Second,
	/// Hertz.
	#[serde(rename = "Hz")]
	Hertz,
	/// Events per second.
	#[serde(rename = "1/s")]
	PerSecond,
	/// Events per minute.
	#[serde(rename = "1/min")]
	PerMinute,
	/// Beats per minute.
	#[serde(rename = "beat/min")]
	BeatsPerMinute,
	/// Cumulative beats.
	#[serde(rename = "beats")]
	Beats,
	/// Metre.
	#[serde(rename = "m")]
	Metre,
	/// Square metre.
	#[serde(rename = "m2")]
	SquareMetre,
	/// Cubic metre.
	#[serde(rename = "m3")]
	CubicMetre,
	/// Litre.
	#[serde(rename = "l")]
	Litre,
	/// Kilogram.
	#[serde(rename = "kg")]
	Kilogram,
	/// Gram.
	#[serde(rename = "g")]
	Gram,
	/// Metre per second.
	#[serde(rename = "m/s")]
	MetrePerSecond,
	/// Metre per second squared.
	#[serde(rename = "m/s2")]
	MetrePerSecondSquared,
	/// Radian.
	#[serde(rename = "rad")]
	Radian,
	/// Steradian.
	#[serde(rename = "sr")]
	Steradian,
	/// Degrees of latitude.
	#[serde(rename = "lat")]
	DegreesLatitude,
	/// Degrees of longitude.
	#[serde(rename = "lon")]
	DegreesLongitude,
	/// Kelvin.
	#[serde(rename = "K")]
	Kelvin,
	/// Degree Celsius.
	#[serde(rename = "Cel")]
	Celsius,
	/// Pascal.
	#[serde(rename = "Pa")]
	Pascal,
	/// Lux.
	#[serde(rename = "lx")]
	Lux,
	/// Candela.
	#[serde(rename = "cd")]
	Candela,
	/// Lumen.
	#[serde(rename = "lm")]
	Lumen,
	/// Candela per square metre.
	#[serde(rename = "cd/m2")]
	CandelaPerSquareMetre,
	/// Kilogram per cubic metre.
	#[serde(rename = "kg/m3")]
	KilogramPerCubicMetre,
	/// Decibel.
	#[serde(rename = "dB")]
	Decibel,
	/// Decibel over one watt.
	#[serde(rename = "dBW")]
	DecibelWatt,
	/// Volt.
	#[serde(rename = "V")]
	Volt,
	/// Ampere.
	#[serde(rename = "A")]
	Ampere,
	/// Coulomb.
	#[serde(rename = "C")]
	Coulomb,
	/// Ohm.
	#[serde(rename = "Ohm")]
	Ohm,
	/// Siemens.
	#[serde(rename = "S")]
	Siemens,
	/// Siemens per metre.
	#[serde(rename = "S/m")]
	SiemensPerMetre,
	/// Farad.
	#[serde(rename = "F")]
	Farad,
	/// Henry.
	#[serde(rename = "H")]
	Henry,
	/// Weber.
	#[serde(rename = "Wb")]
	Weber,
	/// Tesla.
	#[serde(rename = "T")]
	Tesla,
	/// Watt.
	#[serde(rename = "W")]
	Watt,
	/// Watt per square metre.
	#[serde(rename = "W/m2")]
	WattPerSquareMetre,
	/// Volt-ampere.
	#[serde(rename = "VA")]
	VoltAmpere,
	/// Volt-ampere reactive.
	#[serde(rename = "var")]
	VoltAmpereReactive,
	/// Volt-ampere-reactive second.
	#[serde(rename = "vars")]
	VoltAmpereReactiveSecond,
	/// Joule.
	#[serde(rename = "J")]
	Joule,
	/// Joule per metre.
	#[serde(rename = "J/m")]
	JoulePerMetre,
	/// Newton.
	#[serde(rename = "N")]
	Newton,
	/// Bit.
	#[serde(rename = "bit")]
	Bit,
	/// Bit per second.
	#[serde(rename = "bit/s")]
	BitPerSecond,
	/// Mole.
	#[serde(rename = "mol")]
	Mole,
	/// Becquerel.
	#[serde(rename = "Bq")]
	Becquerel,
	/// Gray.
	#[serde(rename = "Gy")]
	Gray,
	/// Sievert.
	#[serde(rename = "Sv")]
	Sievert,
	/// Katal.
	#[serde(rename = "kat")]
	Katal,
	/// Cubic metre per second.
	#[serde(rename = "m3/s")]
	CubicMetrePerSecond,
	/// Litre per second.
	#[serde(rename = "l/s")]
	LitrePerSecond,
	/// Acidity.
	#[serde(rename = "pH")]
	Ph,
	/// Millisecond.
	#[serde(rename = "ms")]
	Millisecond,
	/// Minute.
	#[serde(rename = "min")]
	Minute,
	/// Hour.
	#[serde(rename = "h")]
	Hour,
	/// Megahertz.
	#[serde(rename = "MHz")]
	Megahertz,
	/// Kilowatt.
	#[serde(rename = "kW")]
	Kilowatt,
	/// Kilovolt-ampere.
	#[serde(rename = "kVA")]
	KilovoltAmpere,
	/// Kilovar.
	#[serde(rename = "kvar")]
	Kilovar,
	/// Ampere hour.
	#[serde(rename = "Ah")]
	AmpereHour,
	/// Watt hour.
	#[serde(rename = "Wh")]
	WattHour,
	/// Kilowatt hour.
	#[serde(rename = "kWh")]
	KilowattHour,
	/// Var hour.
	#[serde(rename = "varh")]
	VarHour,
	/// Byte.
	#[serde(rename = "B")]
	Byte,
	/// Byte per second.
	#[serde(rename = "B/s")]
	BytePerSecond,
	/// Megabyte per second.
	#[serde(rename = "MB/s")]
	MegabytePerSecond,
	/// Gigabyte.
	#[serde(rename = "GB")]
	Gigabyte,
	/// Hectopascal.
	#[serde(rename = "hPa")]
	Hectopascal,
	/// Millimetre.
	#[serde(rename = "mm")]
	Millimetre,
	/// Kilometre.
	#[serde(rename = "km")]
	Kilometre,
	/// Kilometre per hour.
	#[serde(rename = "km/h")]
	KilometrePerHour,
	/// Milligram per litre.
	#[serde(rename = "mg/l")]
	MilligramPerLitre,
	/// Microgram per cubic metre.
	#[serde(rename = "ug/m3")]
	MicrogramPerCubicMetre,
	/// Decibel over one milliwatt.
	#[serde(rename = "dBm")]
	DecibelMilliwatt,
	/// Parts per million.
	#[serde(rename = "ppm")]
	Ppm,
	/// Degree.
	#[serde(rename = "deg")]
	DegreeOfAngle,
}

impl Unit {
	/// Every unit, in index order.
	pub const ALL: &[Self] = &[
		Self::One,
		Self::Count,
		Self::Percent,
		Self::RelativeHumidity,
		Self::BatteryPercent,
		Self::BatterySeconds,
		Self::Second,
		Self::Hertz,
		Self::PerSecond,
		Self::PerMinute,
		Self::BeatsPerMinute,
		Self::Beats,
		Self::Metre,
		Self::SquareMetre,
		Self::CubicMetre,
		Self::Litre,
		Self::Kilogram,
		Self::Gram,
		Self::MetrePerSecond,
		Self::MetrePerSecondSquared,
		Self::Radian,
		Self::Steradian,
		Self::DegreesLatitude,
		Self::DegreesLongitude,
		Self::Kelvin,
		Self::Celsius,
		Self::Pascal,
		Self::Lux,
		Self::Candela,
		Self::Lumen,
		Self::CandelaPerSquareMetre,
		Self::KilogramPerCubicMetre,
		Self::Decibel,
		Self::DecibelWatt,
		Self::Volt,
		Self::Ampere,
		Self::Coulomb,
		Self::Ohm,
		Self::Siemens,
		Self::SiemensPerMetre,
		Self::Farad,
		Self::Henry,
		Self::Weber,
		Self::Tesla,
		Self::Watt,
		Self::WattPerSquareMetre,
		Self::VoltAmpere,
		Self::VoltAmpereReactive,
		Self::VoltAmpereReactiveSecond,
		Self::Joule,
		Self::JoulePerMetre,
		Self::Newton,
		Self::Bit,
		Self::BitPerSecond,
		Self::Mole,
		Self::Becquerel,
		Self::Gray,
		Self::Sievert,
		Self::Katal,
		Self::CubicMetrePerSecond,
		Self::LitrePerSecond,
		Self::Ph,
		Self::Millisecond,
		Self::Minute,
		Self::Hour,
		Self::Megahertz,
		Self::Kilowatt,
		Self::KilovoltAmpere,
		Self::Kilovar,
		Self::AmpereHour,
		Self::WattHour,
		Self::KilowattHour,
		Self::VarHour,
		Self::Byte,
		Self::BytePerSecond,
		Self::MegabytePerSecond,
		Self::Gigabyte,
		Self::Hectopascal,
		Self::Millimetre,
		Self::Kilometre,
		Self::KilometrePerHour,
		Self::MilligramPerLitre,
		Self::MicrogramPerCubicMetre,
		Self::DecibelMilliwatt,
		Self::Ppm,
		Self::DegreeOfAngle,
	];

	/// The symbol in the SenML registry.
	#[must_use]
	pub const fn symbol(self) -> &'static str {
		match self {
			Self::One => "/",
			Self::Count => "count",
			Self::Percent => "%",
			Self::RelativeHumidity => "%RH",
			Self::BatteryPercent => "%EL",
			Self::BatterySeconds => "EL",
			Self::Second => "s",
			Self::Hertz => "Hz",
			Self::PerSecond => "1/s",
			Self::PerMinute => "1/min",
			Self::BeatsPerMinute => "beat/min",
			Self::Beats => "beats",
			Self::Metre => "m",
			Self::SquareMetre => "m2",
			Self::CubicMetre => "m3",
			Self::Litre => "l",
			Self::Kilogram => "kg",
			Self::Gram => "g",
			Self::MetrePerSecond => "m/s",
			Self::MetrePerSecondSquared => "m/s2",
			Self::Radian => "rad",
			Self::Steradian => "sr",
			Self::DegreesLatitude => "lat",
			Self::DegreesLongitude => "lon",
			Self::Kelvin => "K",
			Self::Celsius => "Cel",
			Self::Pascal => "Pa",
			Self::Lux => "lx",
			Self::Candela => "cd",
			Self::Lumen => "lm",
			Self::CandelaPerSquareMetre => "cd/m2",
			Self::KilogramPerCubicMetre => "kg/m3",
			Self::Decibel => "dB",
			Self::DecibelWatt => "dBW",
			Self::Volt => "V",
			Self::Ampere => "A",
			Self::Coulomb => "C",
			Self::Ohm => "Ohm",
			Self::Siemens => "S",
			Self::SiemensPerMetre => "S/m",
			Self::Farad => "F",
			Self::Henry => "H",
			Self::Weber => "Wb",
			Self::Tesla => "T",
			Self::Watt => "W",
			Self::WattPerSquareMetre => "W/m2",
			Self::VoltAmpere => "VA",
			Self::VoltAmpereReactive => "var",
			Self::VoltAmpereReactiveSecond => "vars",
			Self::Joule => "J",
			Self::JoulePerMetre => "J/m",
			Self::Newton => "N",
			Self::Bit => "bit",
			Self::BitPerSecond => "bit/s",
			Self::Mole => "mol",
			Self::Becquerel => "Bq",
			Self::Gray => "Gy",
			Self::Sievert => "Sv",
			Self::Katal => "kat",
			Self::CubicMetrePerSecond => "m3/s",
			Self::LitrePerSecond => "l/s",
			Self::Ph => "pH",
			Self::Millisecond => "ms",
			Self::Minute => "min",
			Self::Hour => "h",
			Self::Megahertz => "MHz",
			Self::Kilowatt => "kW",
			Self::KilovoltAmpere => "kVA",
			Self::Kilovar => "kvar",
			Self::AmpereHour => "Ah",
			Self::WattHour => "Wh",
			Self::KilowattHour => "kWh",
			Self::VarHour => "varh",
			Self::Byte => "B",
			Self::BytePerSecond => "B/s",
			Self::MegabytePerSecond => "MB/s",
			Self::Gigabyte => "GB",
			Self::Hectopascal => "hPa",
			Self::Millimetre => "mm",
			Self::Kilometre => "km",
			Self::KilometrePerHour => "km/h",
			Self::MilligramPerLitre => "mg/l",
			Self::MicrogramPerCubicMetre => "ug/m3",
			Self::DecibelMilliwatt => "dBm",
			Self::Ppm => "ppm",
			Self::DegreeOfAngle => "deg",
		}
	}

	/// Whether this unit measures `quantity`.
	#[must_use]
	pub const fn measures(self, quantity: Quantity) -> bool {
		match self {
			Self::One => {
				matches!(quantity, Quantity::Dimensionless | Quantity::Load)
			},
			Self::Count => {
				matches!(quantity, Quantity::Count | Quantity::Dimensionless)
			},
			Self::Percent => {
				matches!(quantity, Quantity::Dimensionless | Quantity::Level)
			},
			Self::RelativeHumidity => {
				matches!(quantity, Quantity::RelativeHumidity)
			},
			Self::BatteryPercent => {
				matches!(quantity, Quantity::Level)
			},
			Self::BatterySeconds | Self::Second | Self::Millisecond | Self::Minute | Self::Hour => {
				matches!(quantity, Quantity::Duration)
			},
			Self::Hertz
			| Self::PerSecond
			| Self::PerMinute
			| Self::BeatsPerMinute
			| Self::Megahertz => {
				matches!(quantity, Quantity::Frequency)
			},
			Self::Beats => {
				matches!(quantity, Quantity::Count)
			},
			Self::Metre | Self::Millimetre | Self::Kilometre => {
				matches!(quantity, Quantity::Length)
			},
			Self::SquareMetre => {
				matches!(quantity, Quantity::Area)
			},
			Self::CubicMetre | Self::Litre => {
				matches!(quantity, Quantity::Volume)
			},
			Self::Kilogram | Self::Gram => {
				matches!(quantity, Quantity::Mass)
			},
			Self::MetrePerSecond | Self::KilometrePerHour => {
				matches!(quantity, Quantity::Speed)
			},
			Self::MetrePerSecondSquared => {
				matches!(quantity, Quantity::Acceleration)
			},
			Self::Radian | Self::Steradian | Self::DegreeOfAngle => {
				matches!(quantity, Quantity::Angle)
			},
			Self::DegreesLatitude => {
				matches!(quantity, Quantity::Latitude)
			},
			Self::DegreesLongitude => {
				matches!(quantity, Quantity::Longitude)
			},
			Self::Kelvin | Self::Celsius => {
				matches!(quantity, Quantity::Temperature)
			},
			Self::Pascal | Self::Hectopascal => {
				matches!(quantity, Quantity::Pressure)
			},
			Self::Lux => {
				matches!(quantity, Quantity::Illuminance)
			},
			Self::Candela | Self::Lumen | Self::CandelaPerSquareMetre => {
				matches!(quantity, Quantity::LuminousIntensity)
			},
			Self::KilogramPerCubicMetre
			| Self::MilligramPerLitre
			| Self::MicrogramPerCubicMetre => {
				matches!(quantity, Quantity::Concentration)
			},
			Self::Decibel => {
				matches!(quantity, Quantity::Sound | Quantity::Signal | Quantity::Dimensionless)
			},
			Self::DecibelWatt => {
				matches!(quantity, Quantity::Signal | Quantity::Power)
			},
			Self::Volt => {
				matches!(quantity, Quantity::Voltage)
			},
			Self::Ampere => {
				matches!(quantity, Quantity::Current)
			},
			Self::Coulomb | Self::Farad | Self::AmpereHour => {
				matches!(quantity, Quantity::Charge)
			},
			Self::Ohm => {
				matches!(quantity, Quantity::Resistance)
			},
			Self::Siemens | Self::SiemensPerMetre => {
				matches!(quantity, Quantity::Conductivity)
			},
			Self::Henry | Self::Weber | Self::Tesla => {
				matches!(quantity, Quantity::MagneticFlux)
			},
			Self::Watt | Self::Kilowatt => {
				matches!(quantity, Quantity::Power)
			},
			Self::WattPerSquareMetre => {
				matches!(quantity, Quantity::Irradiance)
			},
			Self::VoltAmpere | Self::KilovoltAmpere => {
				matches!(quantity, Quantity::ApparentPower)
			},
			Self::VoltAmpereReactive | Self::Kilovar => {
				matches!(quantity, Quantity::ReactivePower)
			},
			Self::VoltAmpereReactiveSecond
			| Self::Joule
			| Self::JoulePerMetre
			| Self::WattHour
			| Self::KilowattHour
			| Self::VarHour => {
				matches!(quantity, Quantity::Energy)
			},
			Self::Newton => {
				matches!(quantity, Quantity::Force)
			},
			Self::Bit | Self::Byte | Self::Gigabyte => {
				matches!(quantity, Quantity::Information)
			},
			Self::BitPerSecond | Self::BytePerSecond | Self::MegabytePerSecond => {
				matches!(quantity, Quantity::DataRate)
			},
			Self::Mole | Self::Katal => {
				matches!(quantity, Quantity::Substance)
			},
			Self::Becquerel | Self::Gray | Self::Sievert => {
				matches!(quantity, Quantity::Radioactivity)
			},
			Self::CubicMetrePerSecond | Self::LitrePerSecond => {
				matches!(quantity, Quantity::Flow)
			},
			Self::Ph => {
				matches!(quantity, Quantity::Acidity)
			},
			Self::DecibelMilliwatt => {
				matches!(quantity, Quantity::Signal)
			},
			Self::Ppm => {
				matches!(quantity, Quantity::Dimensionless | Quantity::Concentration)
			},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn symbols_are_distinct() {
		for (i, unit) in Unit::ALL.iter().enumerate() {
			assert!(Unit::ALL.iter().skip(i + 1).all(|other| other.symbol() != unit.symbol()));
		}
	}

	#[test]
	fn indices_are_in_order() {
		for (i, unit) in Unit::ALL.iter().enumerate() {
			assert_eq!(unit.encode(), vec![u8::try_from(i).expect("fewer than 256 units")]);
		}
	}
}
