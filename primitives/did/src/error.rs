//! How errors are made: each has a code that never changes its meaning, a cause and a remedy.

/// An enum of errors: its documentation is the cause, then follow code and remedy.
macro_rules! faults {
	(
		$(#[doc = $about:literal])+
		$name:ident {
			$($(#[doc = $doc:literal])+ $fault:ident = $code:literal: $remedy:literal,)+
		}
	) => {
		$(#[doc = $about])+
		#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
		pub enum $name {
			$($(#[doc = $doc])+ $fault,)+
		}

		impl $name {
			/// Every one, in order of code.
			pub const ALL: &[Self] = &[$(Self::$fault,)+];

			/// The code by which documents and logs name it.
			#[must_use]
			pub const fn code(self) -> u8 {
				match self { $(Self::$fault => $code,)+ }
			}

			/// What is wrong, in a sentence.
			#[must_use]
			pub fn cause(self) -> &'static str {
				match self { $(Self::$fault => concat!($($doc,)+),)+ }.trim()
			}

			/// What to do about it.
			#[must_use]
			pub const fn remedy(self) -> &'static str {
				match self { $(Self::$fault => $remedy,)+ }
			}
		}

		impl core::fmt::Display for $name {
			fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
				let (code, cause, remedy) = (self.code(), self.cause(), self.remedy());
				write!(f, "{self:?} (code {code}): {cause} Remedy: {remedy}")
			}
		}

		impl core::error::Error for $name {}
	};
}

pub(crate) use faults;
