//! The parts of a path: what is not of its kind is refused by a code.

use axum::{
	extract::{FromRequestParts, Path as AxumPath, rejection::PathRejection},
	http::request::Parts,
};

use super::Failure;
use crate::gateway::data::{fault::DataFault, parameters::shortened};

/// The parts of a path, in order.
pub(super) struct Path<T>(pub(super) T);

impl<S, T> FromRequestParts<S> for Path<T>
where
	S: Send + Sync,
	AxumPath<T>: FromRequestParts<S, Rejection = PathRejection>,
{
	type Rejection = Failure;

	async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
		match AxumPath::<T>::from_request_parts(parts, state).await {
			Ok(AxumPath(path)) => Ok(Self(path)),
			Err(_) => Err(Failure::from(DataFault::BadPath.about(shortened(parts.uri.path())))),
		}
	}
}
