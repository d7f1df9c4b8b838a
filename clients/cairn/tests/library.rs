//! The schema library on a chain: published in one transaction, found again by its content, published
//! anew where it was deprecated.

mod support;

use std::time::Duration;

use serde_json::{Value, json};

use support::{
	node::Node,
	process::{Ended, cairn, run_to_end},
	wait::machine,
};

/// How long a command may take: a transaction's way into a block, on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// What a `cairn schema` command prints.
fn schema(node: &Node, arguments: &[&str]) -> Value {
	let mut command = cairn();
	command.arg("schema").args(arguments).args(["--output", "json", "--node", &node.url()]);
	let Ended { code, output, errors } = run_to_end(&mut command, LIMIT);
	assert_eq!(code, Some(0), "{command:?}\n{errors}");
	serde_json::from_str(&output).unwrap_or_else(|error| panic!("{error}: {output}"))
}

/// Publish the library; returns each schema's id and whether it is new.
fn publish(node: &Node) -> Vec<(u64, bool)> {
	let printed = schema(node, &["publish", "--suri", "//Alice", "--library"]);
	let rows = printed["schemas"].as_array().expect("a row for each schema").iter();
	let row = |row: &Value| {
		let id = row["schema"].as_u64().expect("an id");
		(id, row["published"].as_bool().expect("published or not"))
	};
	rows.map(row).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_library_is_published_once() {
	let _machine = machine().await;
	// Nobody serves batches: none are sealed.
	let node = Node::start("http://127.0.0.1:9").await;
	let listed = schema(&node, &["library"]);
	let listed = listed["schemas"].as_array().expect("a row for each schema");

	let first = publish(&node);
	assert_eq!(first.len(), listed.len());
	assert!(first.iter().all(|(_, is_new)| *is_new), "{first:?}");
	let again = publish(&node);
	let expected = first.iter().map(|(id, _)| (*id, false)).collect::<Vec<_>>();
	assert_eq!(again, expected);

	for (row, (id, _)) in listed.iter().zip(&first) {
		let mut shown = schema(&node, &["show", &id.to_string()]);
		assert_eq!(shown["current"], json!(true));
		let fields = shown.as_object_mut().expect("a document");
		fields.remove("schema");
		fields.remove("current");
		let name = row["name"].as_str().expect("a name");
		assert_eq!(shown, schema(&node, &["library", name]), "{name}");
	}

	let (deprecated, _) = first[1];
	schema(&node, &["deprecate", &deprecated.to_string(), "--suri", "//Alice"]);
	let anew = publish(&node);
	for (position, (before, after)) in first.iter().zip(&anew).enumerate() {
		if position == 1 {
			let (id, is_new) = *after;
			assert!(is_new && first.iter().all(|(other, _)| id > *other), "{anew:?}");
		} else {
			assert_eq!(*after, (before.0, false));
		}
	}
}
