//! Token holders vote another runtime in while telemetry flows: it brings migrations, one in its first
//! block and one over several blocks. Blocks, finality and batches go on.

use std::{
	env, fs,
	path::{Path, PathBuf},
	process::Command,
	time::{Duration, Instant},
};

use cairn_chain::{
	At, BlockId, Chain, SubmitOptions,
	calls::system::{apply_authorized_upgrade, authorize_upgrade},
};
use cairn_network_tests::{
	account,
	field::Field,
	history::History,
	machine,
	network::Network,
	node::Node,
	process::run_to_end,
	referendum::propose_and_vote,
	state::{parameter, prefix},
	until,
};
use sp_crypto_hashing::blake2_256;
use sp_maybe_compressed_blob::{CODE_BLOB_BOMB_LIMIT, compress_weakly};
use tokio::time::timeout;

/// Who brings the code: anybody may.
const ANYBODY: &str = "//Charlie";
/// Windows that must be attested, before and after.
const WINDOWS: usize = 2;
/// How long these may take.
const ATTESTED: Duration = Duration::from_secs(240);
/// How long a referendum may take: preparation, a day to confirm and a day to enact, of 24 blocks each.
const ENACTED: Duration = Duration::from_secs(600);
/// How long the upgrade may take on the side, of state that is fetched by RPC.
const TRIED: Duration = Duration::from_secs(240);
/// How long all nodes may take to compile the new runtime and to go on with it.
const UPGRADED: Duration = Duration::from_secs(240);
/// How long the longer migration may take: some blocks.
const MIGRATED: Duration = Duration::from_secs(120);
/// The numbers that genesis fixes, in the order in which the migration reads them.
const NUMBERS: [&str; 8] = [
	"SlotDuration",
	"EpochSlots",
	"SessionsPerEra",
	"BondingEras",
	"SlashDeferEras",
	"SeedPeriodBlocks",
	"GovernanceDayBlocks",
	"TickPeriods",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_referendum_upgrades_the_runtime_while_telemetry_flows() {
	let _machine = machine().await;
	let code = next_runtime();
	let address = Field::free_address();
	let builder = Network::builder().with_source(format!("http://{address}"));
	let mut network = Box::pin(builder.start()).await;
	let chain = network.nodes()[0].chain.clone();
	let mut field = Box::pin(Field::start(&chain, address)).await;
	let first = field.first();
	Box::pin(field.attested_behind(first, WINDOWS, ATTESTED)).await;

	let proposed = Instant::now();
	Box::pin(propose_and_vote(&chain, &authorize_upgrade(&blake2_256(&code)))).await;
	wait_for_authorization(&network.nodes()[0]).await;
	println!("enacted {:.1} s after its proposal", proposed.elapsed().as_secs_f64());
	ensure_the_state_can_be_upgraded(&chain);
	// The gateway's devices went on meanwhile.
	Box::pin(field.attested_behind(first, 2 * WINDOWS, ATTESTED)).await;

	let before = network.nodes()[0].spec_version().await.expect("a version");
	// Final: the blocks of a fork that lost, and their states, are soon gone.
	let (call, anybody) = (apply_authorized_upgrade(&code), account(ANYBODY));
	let applied = chain.submit(&call, &anybody, SubmitOptions::finalized());
	let upgraded = Instant::now();
	let outcome = timeout(UPGRADED, Box::pin(applied)).await.expect("the code in time");
	let outcome = outcome.unwrap_or_else(|error| panic!("{error}"));
	let applied = BlockId { number: outcome.number, hash: outcome.block };
	wait_for_version(&mut network, before + 1).await;
	println!("all nodes run it {:.1} s after its code was sent", upgraded.elapsed().as_secs_f64());
	Box::pin(ensure_migrated(&network.nodes()[0], applied)).await;

	Box::pin(ensure_telemetry_flows(&mut field, &chain)).await;
	let mut history = History::default();
	network.finalized_above(applied.number + 1, UPGRADED).await;
	history.poll(network.nodes()).await;
	assert!(history.agreed() > applied.number, "all nodes agree on blocks of the new runtime");
}

/// The next runtime's migrations run on this network's state, on the side, and every pallet's
/// invariants hold before and after.
fn ensure_the_state_can_be_upgraded(chain: &Chain) {
	let here = env::var("CARGO_MANIFEST_DIR").expect("cargo runs this test");
	let mut command = Command::new(Path::new(&here).join("../scripts/try-runtime"));
	let tried = run_to_end(command.args(["--next", "--url", chain.url()]), TRIED);
	assert_eq!(tried.code, Some(0), "{}{}", tried.output, tried.errors);
	for line in tried.output.lines().filter(|line| line.contains("version")) {
		println!("{line}");
	}
}

/// The runtime with a higher version and with migrations, as code for the chain.
fn next_runtime() -> Vec<u8> {
	let file = target().join("upgrade/cairn_upgrade.wasm");
	let blob = fs::read(&file).unwrap_or_else(|error| {
		panic!("{}: {error}; run scripts/upgrade-wasm, as `make test-network` does", file.display())
	});
	// As it is, it would be too long for a transaction.
	compress_weakly(&blob, CODE_BLOB_BOMB_LIMIT).expect("a runtime is no bomb")
}

/// The target directory of the build that this test belongs to.
fn target() -> PathBuf {
	let test = env::current_exe().expect("a test knows where it is");
	test.ancestors().nth(3).map(Path::to_path_buf).expect("<target>/<profile>/deps/<test>")
}

async fn wait_for_authorization(node: &Node) {
	let key = prefix("System", "AuthorizedUpgrade");
	until("the referendum enacted", ENACTED, async || node.storage(&key, None).await.ok()?).await;
}

async fn wait_for_version(network: &mut Network, version: u64) {
	until(&format!("version {version} on all nodes"), UPGRADED, async || {
		network.ensure_running();
		for node in network.nodes() {
			if node.spec_version().await? < version {
				return None;
			}
		}
		Some(())
	})
	.await;
}

/// The first migration ran once, in the first block of the new runtime, on the state as it was; the
/// second has seen every account, over several blocks.
async fn ensure_migrated(node: &Node, applied: BlockId) {
	let block = until("the first migration", MIGRATED, async || {
		// What a migration calls the current block is still the one before.
		node.stored::<u32>(&parameter("UpgradedAfter"), None).await
	})
	.await;
	assert_eq!(block, applied.number, "it ran as soon as the code was there");
	let mut numbers = Vec::new();
	for name in NUMBERS {
		let value = node.storage(&parameter(name), Some(applied.hash)).await;
		numbers.extend(value.expect("an answer").expect("a number of genesis"));
	}
	let digest = node.stored::<[u8; 32]>(&parameter("NumbersDigest"), None).await;
	assert_eq!(digest, Some(blake2_256(&numbers)), "it read the numbers as they were");

	let cursor = prefix("Migrations", "Cursor");
	until("the second migration", MIGRATED, async || {
		node.storage(&cursor, None).await.ok()?.is_none().then_some(())
	})
	.await;
	let counted = node.stored::<u32>(&parameter("AccountsCounted"), None).await;
	let accounts = node.count_keys(&prefix("System", "Account"), Some(applied.hash)).await;
	assert_eq!(counted.and_then(|count| usize::try_from(count).ok()), accounts);
}

/// Windows that began with the new runtime are sealed and attested, and no batch was found wrong.
async fn ensure_telemetry_flows(field: &mut Field, chain: &Chain) {
	let clock = Box::pin(chain.clock(At::Best)).await.expect("the clock");
	let window = clock.now.window;
	Box::pin(field.attested_behind(window, WINDOWS, ATTESTED)).await;
	let readings = field.readings_behind(window).await;
	assert!(readings > 0, "readings are in batches");
	let [attested, invalid, unavailable, missing] = field.view().await.record;
	assert_eq!((invalid, unavailable), (0, 0), "no batch was found wrong or withheld");
	println!("{attested} batches attested, {missing} without a quorum; {readings} readings since");
}
