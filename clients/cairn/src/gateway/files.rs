//! Open files: each connection is one.

use fdlimit::Outcome;

/// Files that are no connections of devices: store, node, broker, and what the system needs.
const OTHERS: u64 = 128;

/// Let this process open as many files as it may, and tell the operator if they are too few.
pub(super) fn provide(connections: usize) {
	match fdlimit::raise_fd_limit() {
		Ok(Outcome::LimitRaised { to, .. }) => {
			if let Some(most) = shortage(to, connections) {
				tracing::warn!(
					open_files = to,
					"there will be at most {most} connections instead of {connections}: raise the limit of \
					 open files (ulimit -Hn, LimitNOFILE), or lower --max-connections"
				);
			}
		},
		Ok(Outcome::Unsupported) => {},
		Err(cause) => tracing::warn!(%cause, "cannot raise the limit of open files"),
	}
}

/// How many connections a limit of open files leaves, if they are fewer than `connections`. Pure.
fn shortage(limit: u64, connections: usize) -> Option<u64> {
	let most = limit.saturating_sub(OTHERS);
	let wanted = u64::try_from(connections).unwrap_or(u64::MAX);
	(most < wanted).then_some(most)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn connections_leave_room_for_other_files() {
		assert_eq!(shortage(1_024, 1_024), Some(896));
		assert_eq!(shortage(1_152, 1_024), None);
		assert_eq!(shortage(u64::MAX, usize::MAX), Some(u64::MAX - OTHERS));
		assert_eq!(shortage(64, 1), Some(0));
	}
}
