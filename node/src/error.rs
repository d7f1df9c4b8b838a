//! The error of every command: a known problem with its remedy, or what the SDK reported.

use crate::{chain_spec::create::CreateError, preflight::Problem};

/// Why a command failed.
///
/// What the SDK reports is boxed: its errors are large. Reports with a known cause become a
/// [`Problem`] on the way in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
	/// The cause and the remedy are known.
	#[error(transparent)]
	Problem(#[from] Problem),
	/// No specification can be made of a description.
	#[error(transparent)]
	Create(#[from] CreateError),
	/// Reported by a part of the node.
	#[error(
		"{0}\n  \
		 Remedy: run again with `--log debug` to see the steps that led here; if your set-up is \
		 not the cause, report it at {issues}",
		issues = crate::cli::ISSUES
	)]
	Service(#[source] Box<sc_service::Error>),
	/// Reported while a command was read or run.
	#[error("{0}\n  Remedy: `cairn-node --help` describes every command and option")]
	Command(#[source] Box<sc_cli::Error>),
}

impl From<sc_service::Error> for Error {
	fn from(error: sc_service::Error) -> Self {
		match Problem::explain(&error.to_string()) {
			Some(problem) => Self::Problem(problem),
			None => Self::Service(Box::new(error)),
		}
	}
}

impl From<sc_cli::Error> for Error {
	fn from(error: sc_cli::Error) -> Self {
		match error {
			sc_cli::Error::Service(error) => error.into(),
			sc_cli::Error::Client(error) => error.into(),
			sc_cli::Error::NetworkKeyNotFound(path) => Problem::NoNodeKey { path }.into(),
			error => match Problem::explain(&error.to_string()) {
				Some(problem) => Self::Problem(problem),
				None => Self::Command(Box::new(error)),
			},
		}
	}
}

impl From<sp_blockchain::Error> for Error {
	fn from(error: sp_blockchain::Error) -> Self {
		sc_service::Error::from(error).into()
	}
}

impl From<sp_consensus::Error> for Error {
	fn from(error: sp_consensus::Error) -> Self {
		sc_service::Error::from(error).into()
	}
}

impl From<sc_telemetry::Error> for Error {
	fn from(error: sc_telemetry::Error) -> Self {
		sc_service::Error::from(error).into()
	}
}

impl From<substrate_prometheus_endpoint::PrometheusError> for Error {
	fn from(error: substrate_prometheus_endpoint::PrometheusError) -> Self {
		sc_service::Error::from(error).into()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::path::PathBuf;

	#[test]
	fn works_when_the_report_is_known() {
		let report = "Database file is in use. (Resource temporarily unavailable)".to_owned();
		let error = Error::from(sp_blockchain::Error::Backend(report));
		assert!(matches!(error, Error::Problem(Problem::DatabaseInUse)));

		let error = Error::from(sc_cli::Error::NetworkKeyNotFound(PathBuf::from("key")));
		assert!(matches!(error, Error::Problem(Problem::NoNodeKey { .. })));
	}

	#[test]
	fn every_error_names_a_remedy() {
		for error in [
			Error::from(sc_service::Error::Other("strange".to_owned())),
			Error::from(sc_cli::Error::Input("strange".to_owned())),
			Error::from(Problem::NoHome),
		] {
			let text = error.to_string();
			assert!(text.contains("Remedy: "), "{text}");
		}
	}
}
