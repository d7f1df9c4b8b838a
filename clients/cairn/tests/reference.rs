//! The pages of docs/src/reference about this crate follow the code: cli.md is generated from every
//! command's help and from what a gateway refuses, metrics.md names every metric of a gateway and every
//! fault of a broker, data-api.md every fault of a question and every doubt about an answer, did.md every
//! error of DIDs and Thing Descriptions.
//!
//! `CAIRN_BLESS=1 cargo test -p cairn --test reference` writes cli.md anew.

use std::{
	collections::BTreeSet,
	env,
	fmt::Write,
	fs,
	path::PathBuf,
	process::{Command, Stdio},
};

use cairn::{
	data::doubt::Doubt,
	gateway::{data::fault::DataFault, metrics::Metrics, refusal::Refusal},
	mqtt::BrokerFault,
};
use cairn_did::{DidError, DocumentFault, ThingFault};

const NOTE: &str = "<!-- Generated from the help of `cairn` and the code of its gateway: edit the \
	code's documentation, then run `CAIRN_BLESS=1 cargo test -p cairn --test reference`. -->";

const INTRODUCTION: &str = "\
`cairn` is a device's agent, a gateway, and the commands of owners and operators. Results go to the
standard output, logs and errors to the standard error. An error names its cause and a remedy; with
`--output json`, the commands of owners and operators write it as `{\"error\": …, \"remedy\": …}`.

| exit code | means |
|---|---|
| 0 | done |
| 1 | it failed, or the chain refused it |
| 2 | the command line is wrong |

| variable | stands for |
|---|---|
| `CAIRN_NODE` | `--node` |
| `CAIRN_SURI` | the secret of the account that signs, where neither `--suri` nor a key file is given |
| `CAIRN_OWNER_SURI` | `--owner-suri` of `cairn agent run` |
| `NO_COLOR` | no colours, and lines instead of a live view |
| `RUST_LOG` | what is logged, instead of `-v` |
";

/// Between a help's commands or arguments and its options.
const OPTIONS: &str = "\nOptions:\n";

/// A page of the reference.
fn page_file(name: &str) -> PathBuf {
	PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this test"))
		.join("../../docs/src/reference")
		.join(name)
}

/// The help of a command, as somebody sees it who has set none of its variables.
fn help(path: &[String]) -> String {
	let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
	for (name, _) in env::vars_os() {
		if name.to_string_lossy().starts_with("CAIRN_") {
			command.env_remove(name);
		}
	}
	command.args(path).arg("--help").env("NO_COLOR", "1").env("COLUMNS", "100");
	// A terminal's width would come before COLUMNS.
	let output = command.stdin(Stdio::null()).output().expect("cairn can be run");
	assert!(output.status.success(), "{command:?} ends with {}", output.status);
	String::from_utf8(output.stdout).expect("help is text").trim_end().to_owned()
}

/// The sub-commands that a help lists; `help` itself is left out.
fn subcommands(help: &str) -> Vec<String> {
	let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
	let names = listed.take_while(|line| !line.is_empty()).filter_map(|line| {
		// What is indented further goes on with a description.
		let entry = line.strip_prefix("  ").filter(|entry| !entry.starts_with(' '))?;
		entry.split(' ').next().filter(|name| *name != "help")
	});
	names.map(str::to_owned).collect()
}

/// The options that a help lists, each with its description.
fn options(help: &str) -> Vec<&str> {
	let (_, options) = help.split_once(OPTIONS).unwrap_or_default();
	options.split("\n\n").filter(|option| option.starts_with(' ')).collect()
}

/// A help without the options that every command has.
fn own_part(help: &str, shared: &BTreeSet<&str>) -> String {
	let Some((before, rest)) = help.split_once(OPTIONS) else { return help.to_owned() };
	let own = rest.split("\n\n").filter(|part| !shared.contains(part));
	let (options, after): (Vec<&str>, Vec<&str>) = own.partition(|part| part.starts_with(' '));
	let mut parts = vec![before.trim_end().to_owned()];
	if !options.is_empty() {
		parts.push(format!("Options:\n{}", options.join("\n\n")));
	}
	parts.extend(after.into_iter().map(str::to_owned));
	parts.join("\n\n")
}

/// A block of text, without the blanks that end its lines.
fn block(text: &str) -> String {
	let lines = text.lines().map(str::trim_end).collect::<Vec<_>>();
	format!("```text\n{}\n```\n", lines.join("\n"))
}

/// Add a command and everything below it.
fn add_command(page: &mut String, path: &[String], shared: &BTreeSet<&str>) {
	let help = help(path);
	let level = "#".repeat(path.len().clamp(1, 2) + 1);
	let name = format!("cairn {}", path.join(" "));
	let text = block(&own_part(&help, shared));
	let _ = write!(page, "\n{level} `{}`\n\n{text}", name.trim_end());
	for subcommand in subcommands(&help) {
		let mut below = path.to_vec();
		below.push(subcommand);
		add_command(page, &below, shared);
	}
}

fn cli() -> String {
	let root = help(&[]);
	let shared = options(&root);
	let mut page = format!("# Commands\n\n{NOTE}\n\n{INTRODUCTION}\n");
	page.push_str("Every command takes these options, too:\n\n");
	page.push_str(&block(&shared.join("\n\n")));
	add_command(&mut page, &[], &shared.into_iter().collect());
	page.push_str("\n## Refused readings\n\nWhy a gateway does not take a reading. ");
	page.push_str("\"Again\" says whether the same reading may be taken later.\n\n");
	page.push_str("| code | cause | remedy | again |\n|---|---|---|---|\n");
	for refusal in Refusal::ALL {
		let (code, cause, remedy) = (refusal.code(), refusal.cause(), refusal.remedy());
		let again = if refusal.retry() { "yes" } else { "no" };
		let _ = writeln!(page, "| `{code}` | {cause} | {remedy} | {again} |");
	}
	page
}

#[test]
fn the_page_of_commands_follows_the_code() {
	let (file, page) = (page_file("cli.md"), cli());
	if env::var_os("CAIRN_BLESS").is_some() {
		fs::write(&file, &page).expect("the page can be written");
	}
	let written = fs::read_to_string(&file).unwrap_or_default();
	assert_eq!(written, page, "cli.md is not what the code says: see the head of this test");
}

#[test]
fn the_page_of_metrics_names_those_of_a_gateway() {
	let metrics = Metrics::new().expect("no name twice");
	// A metric with labels shows itself with the first of them.
	metrics.rejected.with_label_values(&["code"]).inc();
	metrics.left_out.with_label_values(&["fault"]).inc();
	metrics.transactions.with_label_values(&["call", "result"]).inc();
	metrics.given_up.with_label_values(&["reason"]).inc();
	metrics.mqtt_failures.with_label_values(&["code"]).inc();
	metrics.mqtt_messages.with_label_values(&["kind"]).inc();
	let text = metrics.text().expect("metrics can be written");
	let helps = text.lines().filter_map(|line| line.strip_prefix("# HELP "));
	let names = helps.filter_map(|help| help.split(' ').next()).collect::<BTreeSet<_>>();

	let page = fs::read_to_string(page_file("metrics.md")).unwrap_or_default();
	let written = page.split('`').filter(|word| word.starts_with("cairn_gateway_"));
	assert_eq!(written.collect::<BTreeSet<_>>(), names, "metrics.md names other metrics");
}

#[test]
fn the_page_of_metrics_has_every_fault_of_a_broker() {
	let page = fs::read_to_string(page_file("metrics.md")).unwrap_or_default();
	for fault in BrokerFault::ALL {
		let (code, cause, remedy) = (fault.code(), fault.cause(), fault.remedy());
		let line = format!("| `{code}` | {cause} | {remedy} |");
		assert!(page.contains(&line), "metrics.md lacks this line:\n{line}");
	}
}

#[test]
fn the_page_of_the_data_api_has_every_fault() {
	let page = fs::read_to_string(page_file("data-api.md")).unwrap_or_default();
	for fault in DataFault::ALL {
		let (code, status) = (fault.code(), fault.status());
		let (cause, remedy) = (fault.cause(), fault.remedy());
		let line = format!("| `{code}` | {status} | {cause} | {remedy} |");
		assert!(page.contains(&line), "data-api.md lacks this line:\n{line}");
	}
}

#[test]
fn the_page_of_the_data_api_has_every_doubt() {
	let page = fs::read_to_string(page_file("data-api.md")).unwrap_or_default();
	for doubt in Doubt::ALL {
		let (code, cause, remedy) = (doubt.code(), doubt.cause(), doubt.remedy());
		let line = format!("| `{code}` | {cause} | {remedy} |");
		assert!(page.contains(&line), "data-api.md lacks this line:\n{line}");
	}
}

#[test]
fn the_page_of_dids_has_every_error() {
	let page = fs::read_to_string(page_file("did.md")).unwrap_or_default();
	let dids = DidError::ALL
		.iter()
		.map(|error| (error.code(), format!("{error:?}"), error.cause(), error.remedy()));
	let things = ThingFault::ALL
		.iter()
		.map(|fault| (fault.code(), format!("{fault:?}"), fault.cause(), fault.remedy()));
	let documents = DocumentFault::ALL
		.iter()
		.map(|fault| (fault.code(), format!("{fault:?}"), fault.cause(), fault.remedy()));
	for (code, name, cause, remedy) in dids.chain(things).chain(documents) {
		let line = format!("| {code} | `{name}` | {cause} | {remedy} |");
		assert!(page.contains(&line), "did.md lacks this line:\n{line}");
	}
}
