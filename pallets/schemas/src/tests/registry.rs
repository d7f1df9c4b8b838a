use cairn_traits::SchemaRegistry;
use cairn_types::SchemaId;
use frame_support::assert_ok;

use crate::mock::*;

#[test]
fn a_deprecated_schema_stays_readable_but_is_not_current() {
	ExtBuilder::default().build_and_execute(|| {
		let id = SchemaId(0);
		assert_eq!(Registry::schema(id), None);
		assert!(!Registry::is_current(id));

		let published = schema(vec![temperature()]);
		assert_ok!(Registry::publish(RuntimeOrigin::signed(ALICE), published.clone()));
		assert_eq!(Registry::schema(id), Some(published.clone()));
		assert!(Registry::is_current(id));

		assert_ok!(Registry::deprecate(RuntimeOrigin::signed(ALICE), id));
		assert_eq!(Registry::schema(id), Some(published));
		assert!(!Registry::is_current(id));
	});
}
