//! In which unit: symbol, quantities and conversion of each, in one table.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use super::{Conversion, Quantity};

/// Numerator and denominator of an offset; none is zero.
macro_rules! offset {
	() => {
		(0, 1)
	};
	($numerator:literal / $denominator:literal) => {
		($numerator, $denominator)
	};
}

macro_rules! units {
	($(
		$(#[$meta:meta])+
		$name:ident = $index:literal, $symbol:literal measures [$($quantity:ident),+]:
			$numerator:literal / $denominator:literal
			$(+ $offset:literal / $divisor:literal)? of $reference:ident;
	)+) => {
		/// In which unit. JSON and TOML have its symbol.
		#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
		#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
		pub enum Unit {
			$($(#[$meta])+ #[codec(index = $index)] #[serde(rename = $symbol)] $name,)+
		}

		impl Unit {
			/// Every unit, in index order.
			pub const ALL: &[Self] = &[$(Self::$name,)+];

			/// The symbol: in the SenML registry, if it is there.
			#[must_use]
			pub const fn symbol(self) -> &'static str {
				match self { $(Self::$name => $symbol,)+ }
			}

			/// The quantities that it measures: at least one.
			#[must_use]
			pub const fn quantities(self) -> &'static [Quantity] {
				match self { $(Self::$name => &[$(Quantity::$quantity),+],)+ }
			}

			/// The unit by which it is defined: itself, or one that is not defined by another.
			#[must_use]
			pub const fn reference(self) -> Self {
				match self { $(Self::$name => Self::$reference,)+ }
			}

			/// What a value in this unit is in the reference unit.
			#[must_use]
			pub const fn conversion(self) -> Conversion {
				match self {
					$(Self::$name => Conversion {
						factor: ($numerator, $denominator),
						offset: offset!($($offset / $divisor)?),
					},)+
				}
			}
		}
	};
}

// π / 180 is the one factor that is not rational. The convergent of π that is used is off by less
// than 10^-37, which no value of 64 bits can show.
units! {
	/// Ratio.
	One = 0, "/" measures [Dimensionless, Fraction, Level, Load, RelativeHumidity]: 1 / 1 of One;
	/// Counted things.
	Count = 1, "count" measures [Count]: 1 / 1 of Count;
	/// Percent: a hundredth. Not SenML's `%`, which is another name of `/`.
	#[serde(alias = "%")]
	Percent = 2, "/100" measures [Dimensionless, Fraction, Level, RelativeHumidity]: 1 / 100 of One;
	/// Percent of relative humidity.
	RelativeHumidity = 3, "%RH" measures [RelativeHumidity]: 1 / 100 of One;
	/// Percent of remaining battery energy.
	BatteryPercent = 4, "%EL" measures [Level]: 1 / 100 of One;
	/// Seconds of remaining battery energy.
	BatterySeconds = 5, "EL" measures [Duration]: 1 / 1 of Second;
	/// Second.
	Second = 6, "s" measures [Duration]: 1 / 1 of Second;
	/// Hertz.
	Hertz = 7, "Hz" measures [Frequency]: 1 / 1 of Hertz;
	/// Events per second.
	PerSecond = 8, "1/s" measures [Frequency]: 1 / 1 of Hertz;
	/// Events per minute.
	PerMinute = 9, "1/min" measures [Frequency]: 1 / 60 of Hertz;
	/// Beats per minute.
	BeatsPerMinute = 10, "beat/min" measures [Frequency]: 1 / 60 of Hertz;
	/// Cumulative beats.
	Beats = 11, "beats" measures [Count]: 1 / 1 of Count;
	/// Metre.
	Metre = 12, "m" measures [Length]: 1 / 1 of Metre;
	/// Square metre.
	SquareMetre = 13, "m2" measures [Area]: 1 / 1 of SquareMetre;
	/// Cubic metre.
	CubicMetre = 14, "m3" measures [Volume]: 1 / 1 of CubicMetre;
	/// Litre.
	Litre = 15, "l" measures [Volume]: 1 / 1_000 of CubicMetre;
	/// Kilogram.
	Kilogram = 16, "kg" measures [Mass]: 1 / 1 of Kilogram;
	/// Gram.
	Gram = 17, "g" measures [Mass]: 1 / 1_000 of Kilogram;
	/// Metre per second.
	MetrePerSecond = 18, "m/s" measures [Speed, PrecipitationRate]: 1 / 1 of MetrePerSecond;
	/// Metre per second squared.
	MetrePerSecondSquared = 19, "m/s2" measures [Acceleration]: 1 / 1 of MetrePerSecondSquared;
	/// Radian.
	Radian = 20, "rad" measures [Angle]: 1 / 1 of Radian;
	/// Steradian.
	Steradian = 21, "sr" measures [SolidAngle]: 1 / 1 of Steradian;
	/// Degrees of latitude.
	DegreesLatitude = 22, "lat" measures [Latitude]: 1 / 1 of DegreesLatitude;
	/// Degrees of longitude.
	DegreesLongitude = 23, "lon" measures [Longitude]: 1 / 1 of DegreesLongitude;
	/// Kelvin.
	Kelvin = 24, "K" measures [Temperature]: 1 / 1 of Kelvin;
	/// Degree Celsius.
	Celsius = 25, "Cel" measures [Temperature]: 1 / 1 + 27_315 / 100 of Kelvin;
	/// Pascal.
	Pascal = 26, "Pa" measures [Pressure]: 1 / 1 of Pascal;
	/// Lux.
	Lux = 27, "lx" measures [Illuminance]: 1 / 1 of Lux;
	/// Candela.
	Candela = 28, "cd" measures [LuminousIntensity]: 1 / 1 of Candela;
	/// Lumen.
	Lumen = 29, "lm" measures [LuminousFlux]: 1 / 1 of Lumen;
	/// Candela per square metre.
	CandelaPerSquareMetre = 30, "cd/m2" measures [Luminance]: 1 / 1 of CandelaPerSquareMetre;
	/// Kilogram per cubic metre.
	KilogramPerCubicMetre = 31, "kg/m3" measures [Concentration]: 1 / 1 of KilogramPerCubicMetre;
	/// Decibel.
	Decibel = 32, "dB" measures [Sound, SignalRatio]: 1 / 1 of Decibel;
	/// Decibel over one watt.
	DecibelWatt = 33, "dBW" measures [Signal]: 1 / 1 of DecibelWatt;
	/// Volt.
	Volt = 34, "V" measures [Voltage]: 1 / 1 of Volt;
	/// Ampere.
	Ampere = 35, "A" measures [Current]: 1 / 1 of Ampere;
	/// Coulomb.
	Coulomb = 36, "C" measures [Charge]: 1 / 1 of Coulomb;
	/// Ohm.
	Ohm = 37, "Ohm" measures [Resistance]: 1 / 1 of Ohm;
	/// Siemens.
	Siemens = 38, "S" measures [Conductance]: 1 / 1 of Siemens;
	/// Siemens per metre.
	SiemensPerMetre = 39, "S/m" measures [Conductivity]: 1 / 1 of SiemensPerMetre;
	/// Farad.
	Farad = 40, "F" measures [Capacitance]: 1 / 1 of Farad;
	/// Henry.
	Henry = 41, "H" measures [Inductance]: 1 / 1 of Henry;
	/// Weber.
	Weber = 42, "Wb" measures [MagneticFlux]: 1 / 1 of Weber;
	/// Tesla.
	Tesla = 43, "T" measures [MagneticFluxDensity]: 1 / 1 of Tesla;
	/// Watt.
	Watt = 44, "W" measures [Power]: 1 / 1 of Watt;
	/// Watt per square metre.
	WattPerSquareMetre = 45, "W/m2" measures [Irradiance]: 1 / 1 of WattPerSquareMetre;
	/// Volt-ampere.
	VoltAmpere = 46, "VA" measures [ApparentPower]: 1 / 1 of VoltAmpere;
	/// Volt-ampere reactive.
	VoltAmpereReactive = 47, "var" measures [ReactivePower]: 1 / 1 of VoltAmpereReactive;
	/// Volt-ampere-reactive second.
	VoltAmpereReactiveSecond = 48, "vars" measures [ReactiveEnergy]:
		1 / 1 of VoltAmpereReactiveSecond;
	/// Joule.
	Joule = 49, "J" measures [Energy]: 1 / 1 of Joule;
	/// Joule per metre.
	JoulePerMetre = 50, "J/m" measures [EnergyPerDistance]: 1 / 1 of JoulePerMetre;
	/// Newton.
	Newton = 51, "N" measures [Force]: 1 / 1 of Newton;
	/// Bit.
	Bit = 52, "bit" measures [Information]: 1 / 1 of Bit;
	/// Bit per second.
	BitPerSecond = 53, "bit/s" measures [DataRate]: 1 / 1 of BitPerSecond;
	/// Mole.
	Mole = 54, "mol" measures [Substance]: 1 / 1 of Mole;
	/// Becquerel.
	Becquerel = 55, "Bq" measures [Radioactivity]: 1 / 1 of Becquerel;
	/// Gray.
	Gray = 56, "Gy" measures [AbsorbedDose]: 1 / 1 of Gray;
	/// Sievert.
	Sievert = 57, "Sv" measures [DoseEquivalent]: 1 / 1 of Sievert;
	/// Katal.
	Katal = 58, "kat" measures [CatalyticActivity]: 1 / 1 of Katal;
	/// Cubic metre per second.
	CubicMetrePerSecond = 59, "m3/s" measures [Flow]: 1 / 1 of CubicMetrePerSecond;
	/// Litre per second.
	LitrePerSecond = 60, "l/s" measures [Flow]: 1 / 1_000 of CubicMetrePerSecond;
	/// Acidity.
	Ph = 61, "pH" measures [Acidity]: 1 / 1 of Ph;
	/// Millisecond.
	Millisecond = 62, "ms" measures [Duration]: 1 / 1_000 of Second;
	/// Minute.
	Minute = 63, "min" measures [Duration]: 60 / 1 of Second;
	/// Hour.
	Hour = 64, "h" measures [Duration]: 3_600 / 1 of Second;
	/// Megahertz.
	Megahertz = 65, "MHz" measures [Frequency]: 1_000_000 / 1 of Hertz;
	/// Kilowatt.
	Kilowatt = 66, "kW" measures [Power]: 1_000 / 1 of Watt;
	/// Kilovolt-ampere.
	KilovoltAmpere = 67, "kVA" measures [ApparentPower]: 1_000 / 1 of VoltAmpere;
	/// Kilovar.
	Kilovar = 68, "kvar" measures [ReactivePower]: 1_000 / 1 of VoltAmpereReactive;
	/// Ampere hour.
	AmpereHour = 69, "Ah" measures [Charge]: 3_600 / 1 of Coulomb;
	/// Watt hour.
	WattHour = 70, "Wh" measures [Energy]: 3_600 / 1 of Joule;
	/// Kilowatt hour.
	KilowattHour = 71, "kWh" measures [Energy]: 3_600_000 / 1 of Joule;
	/// Var hour.
	VarHour = 72, "varh" measures [ReactiveEnergy]: 3_600 / 1 of VoltAmpereReactiveSecond;
	/// Byte.
	Byte = 73, "B" measures [Information]: 8 / 1 of Bit;
	/// Byte per second.
	BytePerSecond = 74, "B/s" measures [DataRate]: 8 / 1 of BitPerSecond;
	/// Megabyte per second.
	MegabytePerSecond = 75, "MB/s" measures [DataRate]: 8_000_000 / 1 of BitPerSecond;
	/// Gigabyte.
	Gigabyte = 76, "GB" measures [Information]: 8_000_000_000 / 1 of Bit;
	/// Hectopascal.
	Hectopascal = 77, "hPa" measures [Pressure]: 100 / 1 of Pascal;
	/// Millimetre.
	Millimetre = 78, "mm" measures [Length]: 1 / 1_000 of Metre;
	/// Kilometre.
	Kilometre = 79, "km" measures [Length]: 1_000 / 1 of Metre;
	/// Kilometre per hour.
	KilometrePerHour = 80, "km/h" measures [Speed]: 5 / 18 of MetrePerSecond;
	/// Milligram per litre: not in the RFCs.
	MilligramPerLitre = 81, "mg/l" measures [Concentration]: 1 / 1_000 of KilogramPerCubicMetre;
	/// Microgram per cubic metre.
	MicrogramPerCubicMetre = 82, "ug/m3" measures [Concentration]:
		1 / 1_000_000_000 of KilogramPerCubicMetre;
	/// Decibel over one milliwatt.
	DecibelMilliwatt = 83, "dBm" measures [Signal]: 1 / 1 + -30 / 1 of DecibelWatt;
	/// Parts per million.
	Ppm = 84, "ppm" measures [Dimensionless, Fraction]: 1 / 1_000_000 of One;
	/// Degree.
	DegreeOfAngle = 85, "deg" measures [Angle]:
		2_646_693_125_139_304_345 / 151_644_345_736_772_377_260 of Radian;
	/// Bel of sound pressure.
	BelSound = 86, "Bspl" measures [Sound]: 10 / 1 of Decibel;
	/// Volt-ampere second.
	VoltAmpereSecond = 87, "VAs" measures [ApparentEnergy]: 1 / 1 of VoltAmpereSecond;
	/// Kilovar hour.
	KilovarHour = 88, "kvarh" measures [ReactiveEnergy]: 3_600_000 / 1 of VoltAmpereReactiveSecond;
	/// Kilovolt-ampere hour.
	KilovoltAmpereHour = 89, "kVAh" measures [ApparentEnergy]: 3_600_000 / 1 of VoltAmpereSecond;
	/// Watt hour per kilometre.
	WattHourPerKilometre = 90, "Wh/km" measures [EnergyPerDistance]: 18 / 5 of JoulePerMetre;
	/// Kibibyte.
	Kibibyte = 91, "KiB" measures [Information]: 8_192 / 1 of Bit;
	/// Megabit per second.
	MegabitPerSecond = 92, "Mbit/s" measures [DataRate]: 1_000_000 / 1 of BitPerSecond;
	/// Millivolt.
	Millivolt = 93, "mV" measures [Voltage]: 1 / 1_000 of Volt;
	/// Milliampere.
	Milliampere = 94, "mA" measures [Current]: 1 / 1_000 of Ampere;
	/// Millimetre per hour.
	MillimetrePerHour = 95, "mm/h" measures [Speed, PrecipitationRate]:
		1 / 3_600_000 of MetrePerSecond;
	/// Metre per hour.
	MetrePerHour = 96, "m/h" measures [Speed, PrecipitationRate]: 1 / 3_600 of MetrePerSecond;
	/// Per mille: a thousandth.
	Permille = 97, "/1000" measures [Dimensionless, Fraction]: 1 / 1_000 of One;
	/// Centimetre.
	Centimetre = 98, "cm" measures [Length]: 1 / 100 of Metre;
	/// Parts per billion: not in the RFCs.
	Ppb = 99, "ppb" measures [Dimensionless, Fraction]: 1 / 1_000_000_000 of One;
	/// Parts per trillion: not in the RFCs.
	Ppt = 100, "ppt" measures [Dimensionless, Fraction]: 1 / 1_000_000_000_000 of One;
	/// Volt-ampere hour: not in the RFCs.
	VoltAmpereHour = 101, "VAh" measures [ApparentEnergy]: 3_600 / 1 of VoltAmpereSecond;
	/// Microgram per litre: not in the RFCs.
	MicrogramPerLitre = 102, "ug/l" measures [Concentration]:
		1 / 1_000_000 of KilogramPerCubicMetre;
	/// Gram per litre: not in the RFCs.
	GramPerLitre = 103, "g/l" measures [Concentration]: 1 / 1 of KilogramPerCubicMetre;
	/// Nephelometric turbidity unit: not in the RFCs.
	Ntu = 104, "NTU" measures [Turbidity]: 1 / 1 of Ntu;
}

impl Unit {
	/// Whether this unit measures `quantity`.
	#[must_use]
	pub fn measures(self, quantity: Quantity) -> bool {
		self.quantities().contains(&quantity)
	}

	/// Whether values in this unit are values in `other`, too: some quantity is measured in both, not
	/// necessarily the one that is meant.
	pub(crate) fn converts_to(self, other: Self) -> bool {
		self.quantities().iter().any(|quantity| other.measures(*quantity))
	}
}
