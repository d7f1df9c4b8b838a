//! The story of the city through the command: three networks fed by a table, a broker and an exporter,
//! and one question to all of them. Every value of the answer is what was fed in, and proved; one gateway
//! answers it for all three by plain HTTP; one that lies is found out; nothing is left when the story is
//! over.

mod support;

use std::{
	collections::{BTreeMap, BTreeSet},
	fs,
	net::SocketAddr,
	path::{Path, PathBuf},
	time::Duration,
};

use axum::{
	Router,
	http::{StatusCode, Uri},
	response::{IntoResponse, Response},
};
use cairn_formats::{Limits, Record, csv, senml};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

use support::process::{Ended, binary, cairn, read, run_to_end, tail};

/// How long the story may take: start, set-up and some windows on a busy machine.
const LIMIT: Duration = Duration::from_secs(900);
/// The cell that the devices in the north are in, which the city's story does not ask about.
const NORTH: &str = "871f8edb1ffffff";
/// What a lying gateway says.
const LIE: u32 = 424_242;

/// What is asked while everything runs: the same question, by the command, of each gateway for its own
/// network, and of one for all networks; one about another cell; one to a gateway that lies.
const THEN: &str = r#"
set -eu
ask() { "$CAIRN" data query --node "$CAIRN_WS" --from "$CAIRN_FROM" --until "$CAIRN_UNTIL" \
	--stage sealed "$@"; }
first=${CAIRN_GATEWAYS%% *}
last=${CAIRN_GATEWAYS##* }
ask --cell "$CAIRN_CELL" --verify --output json >"$OUT/query.json"
ask --cell "$NORTH" --verify --output json >"$OUT/north.json"
ask --through "$first" --cell "$CAIRN_CELL" --verify --output json >"$OUT/through.json"
code=0
ask --gateway "$LIAR/${last##*:}" --cell "$CAIRN_CELL" --verify --output json \
	>"$OUT/lies.json" 2>"$OUT/lies.err" || code=$?
echo "$code" >"$OUT/lies.code"
# What follows is not proved: it may be asked when the window has matured.
ask --cell "$CAIRN_CELL" --format senml >"$OUT/query.senml"
number=0
for url in $CAIRN_GATEWAYS; do
	curl -fsS -H 'Accept: application/senml+json' -o "$OUT/gateway-$number.senml" \
		"$url/v1/data?scope=own&cell=$CAIRN_CELL&from=$CAIRN_FROM&to=$CAIRN_UNTIL&stage=sealed"
	number=$((number + 1))
done
for format in json senml cbor csv; do
	curl -fsS -D "$OUT/city.$format.head" -o "$OUT/city.$format" \
		"$first/v1/data?cell=$CAIRN_CELL&from=$CAIRN_FROM&to=$CAIRN_UNTIL&stage=sealed&format=$format"
done
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_city_answers_one_question_and_every_value_is_proved() {
	let story = Story::play().await;
	story.ensure_everything_held();
	story.ensure_values_are_what_was_fed();
	story.ensure_the_command_says_the_same();
	story.ensure_one_gateway_answers_for_all();
	story.ensure_other_cells_have_other_devices();
	story.ensure_lies_are_found_out();
	story.ensure_nothing_is_left();
}

/// The story, when it is over.
struct Story {
	directory: TempDir,
	/// What it printed.
	report: Value,
}

/// A gateway that lies, before those whose port begins the path: of each answer to a question it
/// changes the first value.
async fn start_liar() -> (JoinHandle<()>, SocketAddr) {
	let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
	let address = listener.local_addr().expect("an address");
	let router = Router::new().fallback(lie);
	let task = tokio::spawn(async move {
		axum::serve(listener, router).await.expect("the liar serves");
	});
	(task, address)
}

async fn lie(uri: Uri) -> Response {
	let text = uri.to_string();
	let (port, path) = text.trim_start_matches('/').split_once('/').unwrap_or_default();
	let answer = reqwest::get(format!("http://127.0.0.1:{port}/{path}")).await;
	let Ok(answer) = answer.and_then(reqwest::Response::error_for_status) else {
		return StatusCode::NOT_FOUND.into_response();
	};
	let body = answer.bytes().await.unwrap_or_default().to_vec();
	if !path.starts_with("v1/data") {
		return body.into_response();
	}
	let mut page = serde_json::from_slice::<Value>(&body).expect("a page");
	page["rows"][0]["value"] = json!(LIE);
	page.to_string().into_response()
}

impl Story {
	async fn play() -> Self {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let (liar, address) = start_liar().await;
		let place = directory.path().to_path_buf();
		let played = tokio::task::spawn_blocking(move || play(&place, address));
		let Ended { code, output, errors } = played.await.expect("the story does not panic");
		liar.abort();
		let logs = || {
			let logs = fs::read_dir(directory.path().join("logs")).expect("logs");
			let log = logs.map(|log| log.expect("a log").path());
			let shown = log.map(|log| format!("--- {}\n{}", log.display(), tail(&read(&log))));
			shown.collect::<String>()
		};
		assert_eq!(code, Some(0), "{errors}\n{output}\n{}", logs());
		let report = serde_json::from_str(&output);
		let report = report.unwrap_or_else(|error| panic!("{error}: {output}"));
		Self { directory, report }
	}

	fn file(&self, name: &str) -> String {
		let path = self.directory.path().join(name);
		fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
	}

	fn json(&self, name: &str) -> Value {
		serde_json::from_str(&self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
	}

	fn rows(&self) -> &Vec<Value> {
		self.report["answer"]["rows"].as_array().expect("rows")
	}

	/// Names of devices by id: those in the cell that is asked about, or the others.
	fn devices(&self, is_inside: bool) -> BTreeMap<u64, String> {
		let networks = self.report["networks"].as_array().expect("networks");
		let devices = networks.iter().flat_map(|network| network["devices"].as_array());
		let wanted = devices.flatten().filter(|device| device["inside"] == is_inside);
		let entry = |device: &Value| {
			let name = device["name"].as_str().expect("a name").to_owned();
			(device["device"].as_u64().expect("an id"), name)
		};
		wanted.map(entry).collect()
	}

	fn ids(&self, is_inside: bool) -> BTreeSet<u64> {
		self.devices(is_inside).into_keys().collect()
	}

	/// What the story says of itself.
	fn ensure_everything_held(&self) {
		let report = &self.report;
		assert_eq!(report["scenario"], "city");
		assert!(report["simulated"].as_str().is_some_and(|text| text.contains("made up")));
		let names = report["networks"].as_array().expect("networks").iter();
		let names = names.map(|network| network["name"].as_str().expect("a name"));
		assert_eq!(names.collect::<Vec<_>>(), ["city-traffic", "city-weather", "city-energy"]);
		let checks = report["checks"].as_array().expect("checks");
		assert_eq!(checks.len(), 5);
		assert!(checks.iter().all(|check| check["held"] == true), "{checks:?}");

		let window = &report["window"];
		for row in self.rows() {
			let proof = &row["proof"];
			assert_eq!((&proof["verified"], &proof["window"]), (&json!(true), window), "{row}");
			assert!(proof["attested_in"].as_u64().is_some_and(|block| block > 0), "{row}");
		}
		// The device's newest reading of the window is proved by its leaf, the others by the payload.
		let ways = self.rows().iter().filter_map(|row| row["proof"]["by"].as_str());
		let ways = ways.collect::<BTreeSet<_>>();
		assert!(ways.contains("ledger"), "{ways:?}");
		let quantities = self.rows().iter().filter_map(|row| row["quantity"].as_str());
		let quantities = quantities.collect::<BTreeSet<_>>();
		for quantity in ["count", "speed", "temperature", "pressure", "energy", "power"] {
			assert!(quantities.contains(quantity), "{quantities:?}");
		}
		assert_eq!(devices_of(&report["answer"]), self.ids(true));
		let elsewhere = report["elsewhere"].as_array().expect("devices").iter();
		let elsewhere = elsewhere.filter_map(Value::as_u64).collect::<BTreeSet<_>>();
		assert_eq!(elsewhere, self.ids(false));
	}

	/// Levels are values of the tables, in the units of the schemas; counters count up.
	fn ensure_values_are_what_was_fed(&self) {
		let names = self.devices(true);
		let fed = [table("traffic.csv"), table("weather.csv"), table("energy.csv")].concat();
		let fed = fed.into_iter().collect::<BTreeMap<_, _>>();
		let mut levels = 0;
		let mut counters = BTreeMap::<(u64, &str), Vec<u64>>::new();
		for row in self.rows() {
			let id = row["device"].as_u64().expect("an id");
			let channel = row["channel"].as_str().expect("a channel");
			match channel {
				"motor-vehicles" | "heavy-vehicles" | "bicycles" | "energy-import" => {
					let count = row["value"].as_u64().expect("a count");
					counters.entry((id, channel)).or_default().push(count);
				},
				_ => {
					let column = format!("{}/{channel}", names[&id]);
					let value = row["value"].as_f64().expect("a number");
					let values = fed.get(&column).unwrap_or_else(|| panic!("{column}"));
					assert!(values.contains(&value), "{column}: {value}");
					levels += 1;
				},
			}
		}
		assert!(
			levels >= 12,
			"a speed, four of the weather, a power; of two devices each, at least once"
		);
		for ((device, channel), counts) in counters {
			assert!(
				counts.is_sorted() && counts.iter().all(|count| *count > 0),
				"{device} {channel}"
			);
		}
	}

	/// `cairn data query` finds the gateways by the chain, and answers as the story did; in SenML as the
	/// gateways do.
	fn ensure_the_command_says_the_same(&self) {
		let answer = self.json("query.json");
		assert_eq!(answer["complete"], true);
		assert_eq!(answer["gateways"].as_array().map(Vec::len), Some(3));
		let stable = |row: &Value| {
			let proof = &row["proof"];
			let fields = ["network", "gateway", "device", "sequence", "time", "channel", "value"];
			let fields = fields.map(|field| row[field].to_string());
			(fields, proof["verified"].clone(), proof["header_hash"].clone())
		};
		let rows = answer["rows"].as_array().expect("rows").iter().map(stable);
		let expected = self.rows().iter().map(stable);
		assert_eq!(rows.collect::<Vec<_>>(), expected.collect::<Vec<_>>());

		let all = records(&self.file("query.senml"));
		let served =
			(0..3).flat_map(|number| records(&self.file(&format!("gateway-{number}.senml"))));
		assert_eq!(all.len(), self.rows().len());
		assert_eq!(sorted(&all), sorted(&served.collect::<Vec<_>>()));
		assert_eq!(sorted(&all), sorted(&records(&self.report["senml"].to_string())));
	}

	/// One request to one gateway has the values of all three networks, in each format, and tells whose
	/// they are; through that gateway the command proves each of them.
	fn ensure_one_gateway_answers_for_all(&self) {
		let page = self.json("city.json");
		assert_eq!((&page["complete"], page.get("next")), (&json!(true), None));
		let holders = page["gateways"].as_array().expect("gateways");
		let urls = holders.iter().filter(|holder| holder["url"].is_string()).count();
		assert_eq!((holders.len(), urls), (3, 2), "{holders:?}");
		assert_eq!(said(&page), said(&self.report["answer"]));
		let networks = page["rows"].as_array().expect("rows").iter();
		let networks = networks.filter_map(|row| row["network"].as_u64()).collect::<BTreeSet<_>>();
		assert_eq!(networks.len(), 3, "{networks:?}");

		let all = sorted(&records(&self.file("query.senml")));
		let bytes = |name: &str| fs::read(self.directory.path().join(name)).expect("a file");
		let (limits, layout) = (Limits::default(), csv::Layout::canonical());
		let packed = senml::decode_cbor(&bytes("city.cbor"), 0, &limits).expect("SenML in CBOR");
		let table = csv::decode(&bytes("city.csv"), &layout, &limits).expect("CSV");
		for found in [records(&self.file("city.senml")), packed, table] {
			assert_eq!(sorted(&found), all);
		}
		let head = self.file("city.senml.head").to_lowercase();
		let about =
			head.lines().find(|line| line.starts_with("cairn-gateways: ")).expect("it says");
		assert_eq!(about.matches("gateway=").count(), 3, "{about}");
		assert!(!head.contains("cairn-missing"), "{head}");

		let through = self.json("through.json");
		assert_eq!(through["complete"], true);
		assert_eq!(said(&through), said(&page));
		let rows = through["rows"].as_array().expect("rows");
		assert!(rows.iter().all(|row| row["proof"]["verified"] == true), "{through}");
	}

	fn ensure_other_cells_have_other_devices(&self) {
		let north = self.json("north.json");
		assert_eq!(north["cell"], NORTH);
		assert_eq!(devices_of(&north), self.ids(false));
		let rows = north["rows"].as_array().expect("rows");
		assert!(rows.iter().all(|row| row["proof"]["verified"] == true), "{north}");
	}

	/// One value is not what the device has signed; the others are.
	fn ensure_lies_are_found_out(&self) {
		assert_eq!(self.file("lies.code").trim(), "1");
		let error = self.file("lies.err");
		assert!(error.contains("1 row_differs") && error.contains("remedy"), "{error}");
		let rows = self.json("lies.json")["rows"].as_array().expect("rows").clone();
		let (first, others) = rows.split_first().expect("rows");
		assert_eq!(first["value"], LIE);
		assert_eq!(
			(&first["proof"]["verified"], &first["proof"]["code"]),
			(&json!(false), &json!("row_differs"))
		);
		assert!(!others.is_empty());
		assert!(others.iter().all(|row| row["proof"]["verified"] == true), "{others:?}");
	}

	/// No process, and no directory of the story's own.
	fn ensure_nothing_is_left(&self) {
		let place = self.directory.path();
		let left =
			fs::read_dir(place).expect("a directory").map(|entry| entry.expect("one").path());
		let directories = left.filter(|path| path.is_dir()).collect::<Vec<_>>();
		assert_eq!(directories, [place.join("logs")]);
		let needle = place.to_str().expect("a path in UTF-8");
		for entry in fs::read_dir("/proc").expect("processes").flatten() {
			// A process may end while it is looked at.
			let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
			let line = String::from_utf8_lossy(&line).replace('\0', " ");
			assert!(!line.contains(needle), "it still runs: {line}");
		}
	}
}

/// Tell the story; `place` is for whatever it writes.
fn play(place: &Path, liar: SocketAddr) -> Ended {
	let script = place.join("then.sh");
	fs::write(&script, THEN).expect("a file");
	let mut command = cairn();
	command
		.args(["demo", "--scenario", "city", "--once", "--output", "json"])
		.arg("--node-bin")
		.arg(binary("cairn-node"))
		.arg("--base-path")
		.arg(place)
		.arg("--logs")
		.arg(place.join("logs"))
		.args(["--then", &format!("sh {}", script.display())])
		.env("CAIRN", binary("cairn"))
		.env("OUT", place)
		.env("NORTH", NORTH)
		.env("LIAR", format!("http://{liar}"));
	run_to_end(&mut command, LIMIT)
}

/// What an answer's rows say, in an order of their own.
fn said(answer: &Value) -> BTreeSet<String> {
	let fields = ["network", "gateway", "device", "sequence", "time", "channel", "unit", "value"];
	let rows = answer["rows"].as_array().expect("rows").iter();
	rows.map(|row| fields.map(|field| row[field].to_string()).join(" ")).collect()
}

/// The devices of an answer's rows.
fn devices_of(answer: &Value) -> BTreeSet<u64> {
	let rows = answer["rows"].as_array().expect("rows").iter();
	rows.map(|row| row["device"].as_u64().expect("a device")).collect()
}

fn records(pack: &str) -> Vec<Record> {
	let records = senml::decode_json(pack.as_bytes(), 0, &Limits::default());
	records.unwrap_or_else(|error| panic!("{error}: {pack}"))
}

/// Records in an order of their own: gateways are asked in the order of their ids.
fn sorted(records: &[Record]) -> Vec<String> {
	let mut shown = records.iter().map(|record| format!("{record:?}")).collect::<Vec<_>>();
	shown.sort_unstable();
	shown
}

/// The columns of one of the city's tables, but for the time.
fn table(name: &str) -> Vec<(String, Vec<f64>)> {
	let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios/city").join(name);
	let text = fs::read_to_string(file).expect("a table");
	let mut lines = text.lines().map(|line| line.split(',').skip(1).collect::<Vec<_>>());
	let names = lines.next().expect("a heading");
	let lines = lines.collect::<Vec<_>>();
	let column = |(place, name): (usize, &&str)| {
		let values = lines.iter().map(|line| line[place].parse().expect("a number"));
		((*name).to_owned(), values.collect())
	};
	names.iter().enumerate().map(column).collect()
}
