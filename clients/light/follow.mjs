// A light client that follows a chain's finality: it knows the raw specification and its boot nodes,
// and asks no RPC server. Prints a line of JSON for each finalized block that it learns of.
//
// Usage: node follow.mjs SPECIFICATION.json
import { readFile } from "node:fs/promises";
import { start } from "smoldot";

/** The number in a header: a compact integer behind the parent's hash. */
function blockNumber(header) {
	const bytes = Buffer.from(header.slice(2), "hex").subarray(32);
	const mode = bytes[0] & 0b11;
	if (mode === 0) return bytes[0] >> 2;
	if (mode === 1) return bytes.readUInt16LE(0) >> 2;
	if (mode === 2) return bytes.readUInt32LE(0) >>> 2;
	throw new Error("a block number beyond 2^30");
}

/** JSON-RPC over the light client: answers by id, notifications by subscription. */
class Connection {
	#chain;
	#next = 0;
	#answers = new Map();

	constructor(chain, notified) {
		this.#chain = chain;
		this.ended = this.#listen(notified);
	}

	request(method, ...params) {
		const id = ++this.#next;
		const answer = new Promise((resolve, reject) => this.#answers.set(id, { resolve, reject }));
		this.#chain.sendJsonRpc(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
		return answer;
	}

	async #listen(notified) {
		for await (const text of this.#chain.jsonRpcResponses) {
			const { id, result, error, params } = JSON.parse(text);
			if (params) {
				notified(params);
				continue;
			}
			const { resolve, reject } = this.#answers.get(id);
			this.#answers.delete(id);
			if (error) reject(new Error(error.message));
			else resolve(result);
		}
	}
}

const [, , file] = process.argv;
if (!file) {
	console.error("error: no specification\n  remedy: node follow.mjs SPECIFICATION.json");
	process.exit(2);
}
const began = performance.now();
const client = start({
	// As a browser, which has WebSocket only.
	forbidTcp: true,
	logCallback: (level, target, message) => console.error(`${level} ${target} ${message}`),
});
const chain = await client.addChain({ chainSpec: await readFile(file, "utf8") });

/** Notifications in order, one at a time: each asks for headers. */
let work = Promise.resolve();
const connection = new Connection(chain, (params) => {
	work = work.then(() => handle(params)).catch(fail);
});

function fail(error) {
	console.error(error);
	process.exit(1);
}

async function follow() {
	await connection.request("chainHead_v1_follow", false);
}

async function show(subscription, hash) {
	const header = await connection.request("chainHead_v1_header", subscription, hash);
	if (!header) return;
	const millis = Math.round(performance.now() - began);
	console.log(JSON.stringify({ number: blockNumber(header), hash, millis }));
}

async function handle({ subscription, result }) {
	switch (result.event) {
		case "initialized":
			for (const hash of result.finalizedBlockHashes) await show(subscription, hash);
			await connection.request("chainHead_v1_unpin", subscription, result.finalizedBlockHashes);
			break;
		case "finalized": {
			const { finalizedBlockHashes, prunedBlockHashes } = result;
			for (const hash of finalizedBlockHashes) await show(subscription, hash);
			const done = [...finalizedBlockHashes, ...prunedBlockHashes];
			await connection.request("chainHead_v1_unpin", subscription, done);
			break;
		}
		case "stop":
			await follow();
			break;
	}
}

await follow();
await connection.ended;
