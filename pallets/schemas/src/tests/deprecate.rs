use cairn_types::SchemaId;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use crate::{Schemas, mock::*};

const ID: SchemaId = SchemaId(0);

/// A chain on which Alice has published a schema.
fn published(test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Registry::publish(RuntimeOrigin::signed(ALICE), schema(vec![traffic()])));
		events();
		test();
	});
}

#[test]
fn works_when_called_by_the_owner() {
	published(|| {
		let before = Schemas::<Test>::get(ID).expect("published");
		assert_ok!(Registry::deprecate(RuntimeOrigin::signed(ALICE), ID));
		let after = Schemas::<Test>::get(ID).expect("never removed");
		assert_eq!((after.owner, after.schema), (before.owner, before.schema));
		assert!(after.deprecated);
		assert_eq!(events(), [Event::Deprecated { id: ID }]);
	});
}

#[test]
fn works_when_called_by_the_admin() {
	published(|| {
		assert_ok!(Registry::deprecate(RuntimeOrigin::root(), ID));
		assert_eq!(events(), [Event::Deprecated { id: ID }]);
	});
}

#[test]
fn fails_when_unsigned() {
	published(|| {
		assert_noop!(Registry::deprecate(RuntimeOrigin::none(), ID), DispatchError::BadOrigin);
	});
}

#[test]
fn fails_when_unknown() {
	published(|| {
		assert_noop!(
			Registry::deprecate(RuntimeOrigin::signed(ALICE), SchemaId(1)),
			Error::NotFound
		);
	});
}

#[test]
fn fails_when_called_by_another() {
	published(|| {
		assert_noop!(Registry::deprecate(RuntimeOrigin::signed(BOB), ID), Error::NotOwner);
	});
}

#[test]
fn fails_when_deprecated_already() {
	published(|| {
		assert_ok!(Registry::deprecate(RuntimeOrigin::signed(ALICE), ID));
		for origin in [RuntimeOrigin::signed(ALICE), RuntimeOrigin::root()] {
			assert_noop!(Registry::deprecate(origin, ID), Error::AlreadyDeprecated);
		}
	});
}
