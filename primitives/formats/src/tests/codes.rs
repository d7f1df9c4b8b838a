//! Causes, and the page that explains them.

use std::{
	collections::BTreeSet,
	env,
	fmt::Write,
	fs,
	path::{Path, PathBuf},
};

use crate::Cause;

const BEGIN: &str = "<!-- Generated: `CAIRN_BLESS=1 cargo test -p cairn-formats codes`. -->\n\n";
const END: &str = "\n<!-- End of what is generated. -->\n";

fn page() -> PathBuf {
	let here = env::var("CARGO_MANIFEST_DIR").expect("cargo runs this test");
	Path::new(&here).join("../../docs/src/reference/input-formats.md")
}

fn table() -> String {
	let mut table =
		String::from("| code | cause | what is wrong | what to do |\n|---|---|---|---|\n");
	for cause in Cause::ALL {
		let (code, wrong, remedy) = (cause.code(), cause.cause(), cause.remedy());
		writeln!(table, "| {code} | `{cause:?}` | {wrong} | {remedy} |").expect("a string grows");
	}
	table
}

#[test]
fn the_reference_lists_every_code() {
	let text = fs::read_to_string(page()).expect("the page is there");
	let (before, rest) = text.split_once(BEGIN).expect("the table's beginning is marked");
	let (listed, after) = rest.split_once(END).expect("the table's end is marked");
	if env::var_os("CAIRN_BLESS").is_some() {
		let blessed = format!("{before}{BEGIN}{}{END}{after}", table());
		fs::write(page(), blessed).expect("the page can be written");
	} else {
		assert_eq!(listed, table(), "run `CAIRN_BLESS=1 cargo test -p cairn-formats codes`");
	}
}

#[test]
fn codes_ascend_and_never_repeat() {
	let codes: Vec<_> = Cause::ALL.iter().map(|cause| cause.code()).collect();
	assert!(codes.is_sorted());
	assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
}

#[test]
fn an_error_says_where_what_and_what_to_do() {
	let text = Cause::NoValue.at(3).to_string();
	assert_eq!(
		text,
		"record 3: NoValue (code 53): A record has neither value nor sum. \
		 Remedy: Give each record one of v, vb, vs, vd, or s."
	);
	assert!(Cause::TooLarge.at(0).to_string().starts_with("TooLarge (code 1): "));
	assert_eq!(Cause::TooLarge.at(0).code(), 1);
	for cause in Cause::ALL {
		assert!(cause.cause().ends_with('.') && cause.remedy().ends_with('.'), "{cause:?}");
	}
}
