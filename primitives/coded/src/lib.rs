#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
#![warn(missing_docs)]

/// An enum of what can be wrong: a row is a variant's documentation, which is the cause, its name,
/// code, perhaps one column more, and remedy.
#[macro_export]
macro_rules! coded {
	// Codes that are words.
	(
		$(#[$attribute:meta])*
		$visibility:vis enum $name:ident(
			$(#[doc = $about:literal])+ code: &'static str
			$(, $(#[doc = $column_about:literal])+ $column:ident: $column_type:ty)? $(,)?
		) {
			$(
				$(#[doc = $doc:literal])+
				$variant:ident = $code:literal $(, $value:literal)?: $remedy:literal,
			)+
		}
	) => {
		$(#[$attribute])*
		$visibility enum $name {
			$($(#[doc = $doc])+ $variant,)+
		}

		$crate::coded! {
			@texts $visibility enum $name($(#[doc = $about])+ code: &'static str) {
				$($(#[doc = $doc])+ $variant = $code: $remedy,)+
			}
		}

		$crate::coded! {
			@column $visibility enum $name($($(#[doc = $column_about])+ $column: $column_type)?) {
				$($variant $(= $value)?,)+
			}
		}

		impl ::core::fmt::Display for $name {
			fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
				// Where `Error` is in scope, `self.cause()` is that trait's.
				let (code, cause, remedy) = (self.code(), Self::cause(*self), self.remedy());
				write!(f, "{code}: {cause} Remedy: {remedy}")
			}
		}
	};

	// Codes that are numbers: they are the discriminants, too.
	(
		$(#[$attribute:meta])*
		$visibility:vis enum $name:ident(
			$(#[doc = $about:literal])+ code: $number:ident
			$(, $(#[doc = $column_about:literal])+ $column:ident: $column_type:ty)? $(,)?
		) {
			$(
				$(#[doc = $doc:literal])+
				$variant:ident = $code:literal $(, $value:literal)?: $remedy:literal,
			)+
		}
	) => {
		$(#[$attribute])*
		$visibility enum $name {
			$($(#[doc = $doc])+ $variant = $code,)+
		}

		$crate::coded! {
			@texts $visibility enum $name($(#[doc = $about])+ code: $number) {
				$($(#[doc = $doc])+ $variant = $code: $remedy,)+
			}
		}

		$crate::coded! {
			@column $visibility enum $name($($(#[doc = $column_about])+ $column: $column_type)?) {
				$($variant $(= $value)?,)+
			}
		}

		impl ::core::fmt::Display for $name {
			fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
				// As above: `Error` has a `cause`.
				let (code, cause, remedy) = (self.code(), Self::cause(*self), self.remedy());
				write!(f, "{self:?} (code {code}): {cause} Remedy: {remedy}")
			}
		}
	};

	// What both have.
	(
		@texts $visibility:vis enum $name:ident($(#[doc = $about:literal])+ code: $code_type:ty) {
			$($(#[doc = $doc:literal])+ $variant:ident = $code:literal: $remedy:literal,)+
		}
	) => {
		impl $name {
			/// Every one, in the order of their declaration.
			$visibility const ALL: &[Self] = &[$(Self::$variant,)+];

			$(#[doc = $about])+
			#[must_use]
			$visibility const fn code(self) -> $code_type {
				match self { $(Self::$variant => $code,)+ }
			}

			/// What is wrong, in a sentence.
			#[must_use]
			$visibility const fn cause(self) -> &'static str {
				match self { $(Self::$variant => concat!($($doc,)+),)+ }.trim_ascii()
			}

			/// What to do about it.
			#[must_use]
			$visibility const fn remedy(self) -> &'static str {
				match self { $(Self::$variant => $remedy,)+ }
			}
		}

		impl ::core::error::Error for $name {}
	};

	// No column more.
	(@column $visibility:vis enum $name:ident() { $($variant:ident,)+ }) => {};

	// One column more, as a method.
	(
		@column $visibility:vis enum $name:ident(
			$(#[doc = $about:literal])+ $column:ident: $column_type:ty
		) {
			$($variant:ident = $value:literal,)+
		}
	) => {
		impl $name {
			$(#[doc = $about])+
			#[must_use]
			$visibility const fn $column(self) -> $column_type {
				match self { $(Self::$variant => $value,)+ }
			}
		}
	};
}

#[cfg(test)]
mod tests {
	coded! {
		/// Why a door stays shut.
		#[derive(Clone, Copy, Debug, PartialEq, Eq)]
		enum DoorFault(
			/// The code of the sign beside the door.
			code: &'static str,
			/// Whether the same knock may help later.
			retry: bool,
		) {
			/// The key is another door's.
			WrongKey = "wrong_key", false: "Look for the number on the key.",
			/// Nobody hears the knock,
			/// or nobody is there.
			Unheard = "unheard", true: "Knock again, louder.",
		}
	}

	coded! {
		/// Why a lamp stays dark.
		#[derive(Clone, Copy, Debug, PartialEq, Eq)]
		#[repr(u16)]
		enum LampFault(
			/// The code of the manual.
			code: u16,
		) {
			/// There is no power.
			NoPower = 1: "Look at the fuse.",
			/// The bulb is broken.
			Broken = 300: "Replace it.",
		}
	}

	coded! {
		/// Why a kettle stays cold.
		#[derive(Clone, Copy, Debug)]
		enum KettleFault(
			/// The code of the display.
			code: u8,
			/// Minutes to wait.
			minutes: u32
		) {
			/// It is too hot.
			TooHot = 7, 15: "Let it cool.",
		}
	}

	#[test]
	fn all_are_listed_in_the_order_of_their_declaration() {
		assert_eq!(DoorFault::ALL, [DoorFault::WrongKey, DoorFault::Unheard]);
		assert_eq!(LampFault::ALL, [LampFault::NoPower, LampFault::Broken]);
		assert_eq!(KettleFault::ALL.len(), 1);
	}

	#[test]
	fn a_row_says_code_cause_and_remedy() {
		let said = DoorFault::ALL.iter().map(|fault| (fault.code(), fault.cause(), fault.remedy()));
		let rows = [
			("wrong_key", "The key is another door's.", "Look for the number on the key."),
			("unheard", "Nobody hears the knock, or nobody is there.", "Knock again, louder."),
		];
		assert!(said.eq(rows));
		let said = LampFault::ALL.iter().map(|fault| (fault.code(), fault.cause(), fault.remedy()));
		let rows = [
			(1, "There is no power.", "Look at the fuse."),
			(300, "The bulb is broken.", "Replace it."),
		];
		assert!(said.eq(rows));
	}

	#[test]
	fn a_column_is_a_method() {
		assert_eq!(
			DoorFault::ALL.iter().map(|fault| fault.retry()).collect::<Vec<_>>(),
			[false, true]
		);
		assert_eq!((KettleFault::TooHot.code(), KettleFault::TooHot.minutes()), (7, 15));
	}

	#[test]
	fn what_a_row_says_is_known_when_compiling() {
		const SAID: (&str, u16) = (DoorFault::Unheard.cause(), LampFault::Broken.code());
		assert_eq!(SAID, (DoorFault::Unheard.cause(), 300));
	}

	#[test]
	fn a_number_is_the_discriminant() {
		for fault in LampFault::ALL {
			assert_eq!(*fault as u16, fault.code());
		}
	}

	#[test]
	fn an_error_says_all_in_a_line() {
		let shown = |error: &dyn std::error::Error| error.to_string();
		assert_eq!(
			shown(&DoorFault::Unheard),
			"unheard: Nobody hears the knock, or nobody is there. Remedy: Knock again, louder."
		);
		assert_eq!(
			shown(&LampFault::Broken),
			"Broken (code 300): The bulb is broken. Remedy: Replace it."
		);
		assert_eq!(
			shown(&KettleFault::TooHot),
			"TooHot (code 7): It is too hot. Remedy: Let it cool."
		);
	}
}
