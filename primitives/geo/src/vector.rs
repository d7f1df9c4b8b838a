//! Unit vectors and the distances between them, in integers.

use codec::{Decode, DecodeWithMemTracking, Encode, Error as CodecError, Input, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::GeoError;

/// The length 1: components are in units of 2⁻³⁰.
pub(crate) const ONE: i32 = 1 << 30;

/// Radius of the sphere on which distances are measured: the authalic radius of WGS 84, as in H3,
/// 6,371,007.181 m.
pub const EARTH_RADIUS_MILLIMETRES: u64 = 6_371_007_181;

/// How far the square of a length may be from 2⁶⁰: each component is rounded by at most ½, so the
/// length is off by at most ½·√3, and its square by less than 2³¹.
const SQUARE_TOLERANCE: u64 = 1 << 31;

/// Binary digits of an angle's fraction.
const ANGLE_BITS: u32 = 48;

/// By how many binary digits [`arctangent`] extends its arguments, which have at most 32, so that
/// nothing is lost where it shifts them down again; they grow by a factor of 1.65 on the way.
const GUARD_BITS: u32 = 28;

/// arctan(2⁻ⁱ) for i = 0..40 in units of 2⁻⁴⁸, rounded to nearest.
pub(crate) const ARCTANGENTS: [i64; 40] = [
	221_069_929_750_889,
	130_505_199_945_453,
	68_955_363_498_242,
	35_002_819_193_903,
	17_569_333_089_919,
	8_793_231_387_230,
	4_397_688_649_582,
	2_198_978_517_948,
	1_099_506_035_422,
	549_755_114_839,
	274_877_819_563,
	137_438_942_549,
	68_719_475_371,
	34_359_738_197,
	17_179_869_163,
	8_589_934_589,
	4_294_967_296,
	2_147_483_648,
	1_073_741_824,
	536_870_912,
	268_435_456,
	134_217_728,
	67_108_864,
	33_554_432,
	16_777_216,
	8_388_608,
	4_194_304,
	2_097_152,
	1_048_576,
	524_288,
	262_144,
	131_072,
	65_536,
	32_768,
	16_384,
	8_192,
	4_096,
	2_048,
	1_024,
	512,
];

/// Direction from the Earth's centre to a place, in units of 2⁻³⁰, each component rounded to
/// nearest: x towards latitude 0°, longitude 0°; y towards longitude 90° east; z towards the north
/// pole. 2⁻³⁰ of the Earth's radius is 6 mm.
///
/// Made by [`Cell::unit_vector`](crate::Cell::unit_vector) and stored. SCALE: the three components
/// as i32; what does not have length 1 is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, MaxEncodedLen, TypeInfo)]
#[serde(into = "[i32; 3]", try_from = "[i32; 3]")]
pub struct UnitVector {
	x: i32,
	y: i32,
	z: i32,
}

impl UnitVector {
	/// The vector with these components.
	///
	/// # Errors
	/// [`GeoError::NotAUnitVector`] if x² + y² + z² is farther than 2³¹ from 2⁶⁰: more than rounding
	/// the components can explain.
	pub fn new([x, y, z]: [i32; 3]) -> Result<Self, GeoError> {
		let square = square_of([x.into(), y.into(), z.into()]);
		let one = square_of([ONE.into(), 0, 0]);
		if square.abs_diff(one) > SQUARE_TOLERANCE {
			return Err(GeoError::NotAUnitVector);
		}
		Ok(Self { x, y, z })
	}

	/// For components that are those of a unit vector, rounded.
	pub(crate) const fn new_unchecked([x, y, z]: [i32; 3]) -> Self {
		Self { x, y, z }
	}

	/// The components x, y and z, in units of 2⁻³⁰.
	#[must_use]
	pub const fn components(self) -> [i32; 3] {
		[self.x, self.y, self.z]
	}

	/// Great-circle distance to `other` in metres, rounded to nearest, on the sphere of radius
	/// [`EARTH_RADIUS_MILLIMETRES`]: 0..=20,015,109. Altitude does not count.
	///
	/// θ = 2·arctan(|a − b| / |a + b|), exact for small angles and for large ones (W. Kahan, *How
	/// Futile are Mindless Assessments of Roundoff in Floating-Point Computation?*, §12).
	///
	/// Symmetric; zero for equal vectors; at least one metre between any two cells of resolution 12,
	/// whose centres are 13 m apart or more; the triangle inequality holds to 1 m. It differs from
	/// the haversine formula by at most 0.53 m: ½ m by rounding to metres, 11 mm by rounding the
	/// vectors, 6 mm by rounding the two lengths, 0.1 mm by the arctangent, 1 mm by rounding to
	/// millimetres. The sphere itself differs from the ellipsoid by up to 0.5 %.
	#[must_use]
	pub fn distance_metres(self, other: Self) -> u32 {
		let (a, b) = (self.components().map(i64::from), other.components().map(i64::from));
		let [ax, ay, az] = a;
		let [bx, by, bz] = b;
		// No overflow: components have 32 bits.
		let difference = [ax.saturating_sub(bx), ay.saturating_sub(by), az.saturating_sub(bz)];
		let sum = [ax.saturating_add(bx), ay.saturating_add(by), az.saturating_add(bz)];
		let half_angle = arctangent(length(difference), length(sum));
		let diameter = u128::from(EARTH_RADIUS_MILLIMETRES.saturating_mul(2));
		// No overflow: 51 bits times 34.
		let millimetres = u128::from(half_angle).saturating_mul(diameter) >> ANGLE_BITS;
		u32::try_from(millimetres.saturating_add(500) / 1_000).unwrap_or(u32::MAX)
	}
}

/// x² + y² + z², for |components| < 2³³; saturating, but unit vectors, their sums and differences
/// stay below 2⁶³.
fn square_of(components: [i64; 3]) -> u64 {
	let squares = components.map(|component| {
		let size = component.unsigned_abs();
		size.saturating_mul(size)
	});
	squares.into_iter().fold(0u64, u64::saturating_add)
}

/// Length of a vector, rounded down. The root of a 64-bit number has 32 bits.
fn length(components: [i64; 3]) -> u32 {
	u32::try_from(square_of(components).isqrt()).unwrap_or(u32::MAX)
}

/// arctan(opposite / adjacent) in units of 2⁻⁴⁸ rad, 0..=π/2; off by less than 2⁻³⁸ rad if one of
/// the two is at least 2²⁰, as it is for unit vectors.
///
/// By CORDIC (J. Volder, *The CORDIC Trigonometric Computing Technique*, 1959): turn the vector
/// (adjacent, opposite) by ±arctan(2⁻ⁱ) towards the first axis, with shifts and additions, and add
/// up the turns. What remains after the last is at most 2⁻³⁹ rad; 40 roundings of the table add
/// less than 2⁻⁴³, those of the shifts less than 2⁻⁴².
pub(crate) fn arctangent(opposite: u32, adjacent: u32) -> u64 {
	let mut x = i64::from(adjacent) << GUARD_BITS;
	let mut y = i64::from(opposite) << GUARD_BITS;
	let mut angle = 0i64;
	// No overflow: |x| and |y| stay below 1.65·√2·2⁶⁰.
	for (step, turn) in ARCTANGENTS.iter().enumerate() {
		let (dx, dy) = (y >> step, x >> step);
		if y > 0 {
			x = x.saturating_add(dx);
			y = y.saturating_sub(dy);
			angle = angle.saturating_add(*turn);
		} else {
			x = x.saturating_sub(dx);
			y = y.saturating_add(dy);
			angle = angle.saturating_sub(*turn);
		}
	}
	// Below zero only by what remained.
	u64::try_from(angle).unwrap_or(0)
}

impl From<UnitVector> for [i32; 3] {
	fn from(vector: UnitVector) -> Self {
		vector.components()
	}
}

impl TryFrom<[i32; 3]> for UnitVector {
	type Error = GeoError;

	fn try_from(components: [i32; 3]) -> Result<Self, GeoError> {
		Self::new(components)
	}
}

impl Decode for UnitVector {
	fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
		Self::new(<[i32; 3]>::decode(input)?).map_err(|error| error.cause().into())
	}

	fn encoded_fixed_size() -> Option<usize> {
		<[i32; 3]>::encoded_fixed_size()
	}
}

impl DecodeWithMemTracking for UnitVector {}
