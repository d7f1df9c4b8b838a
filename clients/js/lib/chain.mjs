// What the tests of both clients share: which chain is under test, and what it must show to any
// client. Values are plain: bigints, numbers, strings.
import assert from "node:assert/strict";
import { once } from "node:events";
import { WebSocket } from "ws";

function setting(name) {
	const value = process.env[name];
	assert.ok(value, `${name} is not set: scripts/test-js starts a chain and sets it`);
	return value;
}

function whole(name) {
	const value = setting(name);
	assert.match(value, /^\d+$/, `${name} is a number`);
	return BigInt(value);
}

/** Where the node listens. */
export const url = setting("CAIRN_WS");

/** A connection to the node, without a client; fails if there is none soon. */
export async function connect() {
	const socket = new WebSocket(url, { handshakeTimeout: 60_000 });
	await once(socket, "open");
	return socket;
}

/** Fails if the node cannot be reached: clients would try again for ever. */
export async function ensureReachable() {
	(await connect()).close();
}

/** A device, the batch that was attested with its readings, and the slot that was paid for them. */
export function paidDevice() {
	return {
		device: whole("CAIRN_DEVICE"),
		gateway: Number(whole("CAIRN_GATEWAY")),
		window: Number(whole("CAIRN_WINDOW")),
		attempt: Number(whole("CAIRN_ATTEMPT")),
		slot: Number(whole("CAIRN_SLOT")),
	};
}

/** How long one test may take: none waits for more than finality, some blocks away. */
export const limit = { timeout: 60_000 };

/** Derivation of an account that owns tokens, and with which nobody on the demo's chain does anything. */
export const sender = "//Dave";

/** The beginning of derivations of accounts, one a client, whose tokens nobody else adds to or takes. */
export const receiver = "//JavaScript";

/** What is transferred: 3 tokens of 12 decimals. */
export const amount = 3_000_000_000_000n;

/** Versions of the metadata that wallets, explorers and libraries of different age ask for. */
export const metadataVersions = [14, 15, 16];

/** The extensions of a transaction, in the order in which they are encoded and signed. */
export const extensions = [
	"AuthorizeCall",
	"CheckNonZeroSender",
	"CheckSpecVersion",
	"CheckTxVersion",
	"CheckGenesis",
	"CheckMortality",
	"CheckNonce",
	"CheckWeight",
	"ChargeTransactionPayment",
	"CheckMetadataHash",
	"WeightReclaim",
];

/** Fails unless `bytes` begin as metadata of `version` does. */
export function assertMetadata(bytes, version) {
	assert.equal(Buffer.from(bytes.subarray(0, 4)).toString(), "meta", `V${version} is served`);
	assert.equal(bytes[4], version);
}

/** Fails unless `record` is an active device at the gateway and slot that were paid. */
export function assertDevice({ owner, stage, assignment }, { gateway, slot }) {
	assert.match(owner, /^5[1-9A-HJ-NP-Za-km-z]{47}$/, "the owner is an address of prefix 42");
	assert.equal(stage, "Active");
	assert.deepEqual(assignment, { gateway, slot });
}

/**
 * Fails unless the batch was attested and its ledger is the one that claims are proved against. A
 * batch is kept as long as its ledger.
 */
export function assertBatch(batch, ledger, { network }) {
	assert.ok(ledger, "the ledger is kept");
	assert.match(ledger.root, /^0x(?!0{64})[0-9a-f]{64}$/);
	assert.equal(ledger.network, network);
	assert.ok(batch, "the batch is kept");
	assert.equal(batch.stage, "Attested");
	assert.equal(batch.root, ledger.root);
	assert.ok(batch.units > 0n, "units were metered");
	assert.ok(batch.readings > 0n, "readings were sealed");
	assert.ok(batch.devices > 0, "devices had readings");
}

/** Fails unless the slot was paid, and `answer` of the runtime's API says the same. */
export function assertEarning(earning, answer, { device }) {
	assert.ok(earning, "the slot has earned");
	assert.ok(earning.paid > 0n, "the slot was paid");
	assert.ok(earning.unvested + earning.due <= earning.paid, "what is to come was paid");
	assert.equal(answer.paid, earning.paid);
	assert.equal(answer.device, device);
}
