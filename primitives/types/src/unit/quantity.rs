//! What is measured.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use super::Unit;

macro_rules! quantities {
	($($(#[doc = $doc:literal])+ $name:ident = $index:literal,)+) => {
		/// What is measured.
		#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
		#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
		#[serde(rename_all = "camelCase")]
		pub enum Quantity {
			$($(#[doc = $doc])+ #[codec(index = $index)] $name,)+
		}

		impl Quantity {
			/// Every quantity, in index order.
			pub const ALL: &[Self] = &[$(Self::$name,)+];
		}
	};
}

quantities! {
	/// A ratio or a bare number.
	Dimensionless = 0,
	/// How many.
	Count = 1,
	/// Time.
	Duration = 2,
	/// Events per second.
	Frequency = 3,
	/// Distance.
	Length = 4,
	/// Area.
	Area = 5,
	/// Volume.
	Volume = 6,
	/// Mass.
	Mass = 7,
	/// Speed.
	Speed = 8,
	/// Acceleration.
	Acceleration = 9,
	/// Plane angle.
	Angle = 10,
	/// Temperature.
	Temperature = 11,
	/// Relative humidity.
	RelativeHumidity = 12,
	/// Pressure.
	Pressure = 13,
	/// Light on a surface.
	Illuminance = 14,
	/// Light of a source into a direction.
	LuminousIntensity = 15,
	/// Mass per volume.
	Concentration = 16,
	/// Sound level.
	Sound = 17,
	/// Signal strength: power over a fixed power, as a level.
	Signal = 18,
	/// Electric potential.
	Voltage = 19,
	/// Electric current.
	Current = 20,
	/// Electric charge.
	Charge = 21,
	/// Electric resistance.
	Resistance = 22,
	/// Power.
	Power = 23,
	/// Energy.
	Energy = 24,
	/// Reactive power.
	ReactivePower = 25,
	/// Apparent power.
	ApparentPower = 26,
	/// Magnetic flux.
	MagneticFlux = 27,
	/// Amount of data.
	Information = 28,
	/// Data per second.
	DataRate = 29,
	/// Volume per second.
	Flow = 30,
	/// PH.
	Acidity = 31,
	/// Electric conductivity of a material.
	Conductivity = 32,
	/// Power per area.
	Irradiance = 33,
	/// Force.
	Force = 34,
	/// How full.
	Level = 35,
	/// WGS 84 latitude.
	Latitude = 36,
	/// WGS 84 longitude.
	Longitude = 37,
	/// Decays per second.
	Radioactivity = 38,
	/// Amount of substance.
	Substance = 39,
	/// Runnable work per processor.
	Load = 40,
	/// A share of a mixture: a gas in air, by amount or volume.
	Fraction = 41,
	/// One power over another, as a level: signal to noise, gain, loss.
	SignalRatio = 42,
	/// Depth of rain or snow per time.
	PrecipitationRate = 43,
	/// Solid angle.
	SolidAngle = 44,
	/// Light of a source into all directions.
	LuminousFlux = 45,
	/// Light of a surface.
	Luminance = 46,
	/// Electric conductance of a part.
	Conductance = 47,
	/// Electric capacitance.
	Capacitance = 48,
	/// Electric inductance.
	Inductance = 49,
	/// Magnetic flux per area.
	MagneticFluxDensity = 50,
	/// Reactive energy.
	ReactiveEnergy = 51,
	/// Apparent energy.
	ApparentEnergy = 52,
	/// Energy that a distance took.
	EnergyPerDistance = 53,
	/// Energy of radiation that a mass absorbed.
	AbsorbedDose = 54,
	/// Absorbed dose, weighed by its harm.
	DoseEquivalent = 55,
	/// Substance converted per second.
	CatalyticActivity = 56,
	/// Cloudiness of a liquid.
	Turbidity = 57,
}

impl Quantity {
	/// The units in which it is measured, in index order; any two of them convert into each other.
	pub fn units(self) -> impl Iterator<Item = Unit> {
		Unit::ALL.iter().copied().filter(move |unit| unit.measures(self))
	}

	/// Whether its amounts add up over time, so that a counter can be of it: there is a total of
	/// energy, but none of temperature or of power.
	#[must_use]
	pub const fn accumulates(self) -> bool {
		matches!(
			self,
			Self::Count
				| Self::Duration
				| Self::Length
				| Self::Area | Self::Volume
				| Self::Mass | Self::Angle
				| Self::Charge
				| Self::Energy
				| Self::ReactiveEnergy
				| Self::ApparentEnergy
				| Self::Information
				| Self::Substance
				| Self::AbsorbedDose
				| Self::DoseEquivalent
		)
	}
}
