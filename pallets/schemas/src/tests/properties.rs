use std::collections::BTreeMap;

use cairn_traits::SchemaRegistry;
use cairn_types::{Channel, Schema, SchemaId};
use proptest::prelude::*;

use crate::{NextId, mock::*};

#[derive(Clone, Debug)]
enum Command {
	Publish { who: u64, schema: Schema },
	Deprecate { who: Option<u64>, id: u32 },
}

/// Channels of which some are sound.
fn channels() -> impl Strategy<Value = Vec<Channel>> {
	let channel = ("[a-c ]{0,2}", -20i8..20, any::<bool>()).prop_map(|(text, scale, counts)| {
		let channel = if counts { traffic() } else { temperature() };
		Channel { name: name(&text), scale, ..channel }
	});
	prop::collection::vec(channel, 0..4)
}

fn command() -> impl Strategy<Value = Command> {
	let who = ALICE..=POOR;
	prop_oneof![
		(who.clone(), channels())
			.prop_map(|(who, channels)| Command::Publish { who, schema: schema(channels) }),
		(prop::option::of(who), 0u32..8).prop_map(|(who, id)| Command::Deprecate { who, id }),
	]
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn what_is_published_never_changes(commands in prop::collection::vec(command(), 1..40)) {
		ExtBuilder::default().build_and_execute(|| {
			let mut published = BTreeMap::<SchemaId, Schema>::new();
			for command in commands {
				match command {
					Command::Publish { who, schema } => {
						let id = NextId::<Test>::get();
						let done = Registry::publish(RuntimeOrigin::signed(who), schema.clone());
						if done.is_ok() {
							assert_eq!(published.insert(id, schema), None);
						}
					},
					Command::Deprecate { who, id } => {
						let origin = who.map_or(RuntimeOrigin::root(), RuntimeOrigin::signed);
						let done = Registry::deprecate(origin, SchemaId(id));
						assert!(done.is_err() || !Registry::is_current(SchemaId(id)));
					},
				}
				check_state();
				for (id, schema) in &published {
					assert_eq!(Registry::schema(*id).as_ref(), Some(schema));
				}
			}
		});
	}
}
