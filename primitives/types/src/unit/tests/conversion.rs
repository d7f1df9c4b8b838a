use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::{ConversionFault, Decimal, SCALES, Unit, convert};

const VECTORS: &str = include_str!("../../../vectors/conversions.csv");

/// A result as the vectors have it.
fn shown(result: Result<i64, ConversionFault>) -> String {
	result.map_or_else(|fault| fault.code().to_owned(), |value| value.to_string())
}

/// Every two units that convert into each other.
fn pairs() -> Vec<(Unit, Unit)> {
	let all = Unit::ALL.iter().flat_map(|from| Unit::ALL.iter().map(move |to| (*from, *to)));
	all.filter(|(from, to)| from.converts_to(*to)).collect()
}

/// Every three units of which any two convert into each other.
fn triples() -> Vec<(Unit, Unit, Unit)> {
	let all = pairs().into_iter().flat_map(|(a, b)| Unit::ALL.iter().map(move |c| (a, b, *c)));
	all.filter(|(a, b, c)| a.converts_to(*c) && b.converts_to(*c)).collect()
}

fn any_unit() -> impl Strategy<Value = Unit> {
	prop::sample::select(Unit::ALL)
}

fn any_pair() -> impl Strategy<Value = (Unit, Unit)> {
	prop::sample::select(pairs())
}

/// Units of `to` in one unit of `from`, but for the offset; near enough to choose a scale by.
fn ratio(from: Unit, to: Unit) -> f64 {
	let factor = |unit: Unit| {
		let (numerator, denominator) = unit.conversion().factor;
		numerator as f64 / denominator as f64
	};
	factor(from) / factor(to)
}

/// The largest scale of `to` whose last place is no coarser than that of `from` at `scale`.
fn as_fine(from: Unit, scale: i8, to: Unit) -> i8 {
	let place = 10f64.powi(scale.into()) * ratio(from, to);
	let exponent = place.log10().floor();
	(-18..=18).rev().find(|scale| f64::from(*scale) <= exponent).expect("within reach")
}

#[test]
fn conversions_are_what_the_vectors_say() {
	let mut count = 0;
	for line in VECTORS.lines() {
		let fields = line.split(',').collect::<Vec<_>>();
		let [mantissa, exponent, from, to, scale, expected] = fields[..] else {
			panic!("{line}: not six fields");
		};
		let value = Decimal::new(
			mantissa.parse().expect("an integer"),
			exponent.parse().expect("an integer"),
		);
		let unit = |symbol| Unit::from_senml(symbol).expect("a unit");
		let scale = scale.parse().expect("an integer");
		assert_eq!(shown(convert(value, unit(from), unit(to), scale)), expected, "{line}");
		count += 1;
	}
	assert!(count > 900);
}

#[test]
fn the_vectors_cover_every_two_units() {
	let covered = VECTORS.lines().filter_map(|line| {
		let mut fields = line.split(',').skip(2);
		let symbols = (fields.next()?, fields.next()?);
		(fields.nth(1)? != "other_dimension").then_some(symbols)
	});
	let covered = covered.collect::<BTreeSet<_>>();
	for (from, to) in pairs() {
		assert!(covered.contains(&(from.symbol(), to.symbol())), "{from:?} to {to:?}");
	}
}

#[test]
fn units_of_other_quantities_are_refused() {
	for from in Unit::ALL {
		for to in Unit::ALL {
			let share = from.quantities().iter().any(|quantity| to.quantities().contains(quantity));
			let converted = convert(Decimal::default(), *from, *to, -2);
			let is_other = converted == Err(ConversionFault::OtherDimension);
			assert_eq!(is_other, !share, "{from:?} to {to:?}");
			assert!(is_other || converted.is_ok(), "{from:?} to {to:?}");
		}
	}
}

#[test]
fn fails_when_it_does_not_fit() {
	let value = |mantissa, exponent| Decimal::new(mantissa, exponent);
	let to_byte = |value, scale| convert(value, Unit::Byte, Unit::Byte, scale);
	assert_eq!(to_byte(value(1, 19), 0), Err(ConversionFault::Overflow));
	assert_eq!(to_byte(value(1, 19), 1), Ok(1_000_000_000_000_000_000));
	assert_eq!(to_byte(value(1, i32::MAX), 18), Err(ConversionFault::Overflow));
	assert_eq!(to_byte(value(i128::MIN, i32::MIN), -18), Ok(0));
	assert_eq!(to_byte(value(i128::MIN, 0), 18), Err(ConversionFault::Overflow));
}

#[test]
fn fails_when_the_scale_is_bad() {
	let converted = |scale| convert(Decimal::default(), Unit::Second, Unit::Second, scale).err();
	for scale in i8::MIN..=i8::MAX {
		let fault = (!SCALES.contains(&scale)).then_some(ConversionFault::BadScale);
		assert_eq!(converted(scale), fault, "{scale}");
	}
}

#[test]
fn every_fault_has_its_own_code_a_cause_and_a_remedy() {
	let codes = ConversionFault::ALL.iter().map(|fault| fault.code()).collect::<BTreeSet<_>>();
	assert_eq!(codes.len(), ConversionFault::ALL.len());
	for fault in ConversionFault::ALL {
		assert!(fault.cause().ends_with('.') && fault.remedy().ends_with('.'), "{fault}");
	}
}

proptest! {
	#[test]
	fn every_unit_converts_to_itself_exactly(
		unit in any_unit(),
		value in any::<i64>(),
		scale in -18i8..=18,
	) {
		let exact = Decimal::from_scaled(value, scale);
		prop_assert_eq!(convert(exact, unit, unit, scale), Ok(value));
	}

	#[test]
	fn there_and_back_is_within_one_unit_in_the_last_place(
		(from, to) in any_pair(),
		value in -1_000_000i64..=1_000_000,
		scale in -6i8..=2,
	) {
		let finer = as_fine(from, scale, to);
		let there = convert(Decimal::from_scaled(value, scale), from, to, finer);
		let there = there.expect("fits");
		let back = convert(Decimal::from_scaled(there, finer), to, from, scale).expect("fits");
		prop_assert!(back.abs_diff(value) <= 1, "{} became {}, then {}", value, there, back);
	}

	#[test]
	fn larger_values_are_never_smaller_in_another_unit(
		(from, to) in any_pair(),
		(a, b) in (any::<i64>(), any::<i64>()),
		(exponent, scale) in (-30i32..=2, -6i8..=6),
	) {
		let converted = |value: i64| convert(Decimal::new(value.into(), exponent), from, to, scale);
		if let (Ok(low), Ok(high)) = (converted(a.min(b)), converted(a.max(b))) {
			prop_assert!(low <= high, "{} and {} became {} and {}", a.min(b), a.max(b), low, high);
		}
	}

	#[test]
	fn two_steps_are_near_one(
		(a, b, c) in prop::sample::select(triples()),
		value in -100_000i64..100_000,
	) {
		let (fine, coarse) = (as_fine(a, -3, b), as_fine(a, -3, c).saturating_add(1));
		let value = Decimal::from_scaled(value, -3);
		let there = convert(value, a, b, fine).expect("fits");
		let stepped = convert(Decimal::from_scaled(there, fine), b, c, coarse).expect("fits");
		let direct = convert(value, a, c, coarse).expect("fits");
		prop_assert!(direct.abs_diff(stepped) <= 1, "{} or {}", direct, stepped);
	}

	#[test]
	fn nothing_panics(
		(from, to) in (any_unit(), any_unit()),
		(mantissa, exponent, scale) in (any::<i128>(), any::<i32>(), any::<i8>()),
	) {
		let result = convert(Decimal::new(mantissa, exponent), from, to, scale);
		prop_assert!(from.converts_to(to) || result == Err(ConversionFault::OtherDimension));
	}
}
