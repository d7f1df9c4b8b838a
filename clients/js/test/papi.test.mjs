import { sr25519CreateDerive } from "@polkadot-labs/hdkd";
import { DEV_MINI_SECRET, ss58Address } from "@polkadot-labs/hdkd-helpers";
import assert from "node:assert/strict";
import { on } from "node:events";
import { after, before, describe, test } from "node:test";
import { Enum, createClient } from "polkadot-api";
import { getPolkadotSigner } from "polkadot-api/signer";
import { getWsProvider } from "polkadot-api/ws";
import { WebSocket } from "ws";
import {
	amount,
	assertBatch,
	assertDevice,
	assertEarning,
	assertMetadata,
	connect,
	ensureReachable,
	limit,
	metadataVersions,
	paidDevice,
	receiver,
	sender,
	url,
} from "../lib/chain.mjs";

/** The first value of `observable` that `fits`. */
function first(observable, fits) {
	return new Promise((resolve, reject) => {
		const subscription = observable.subscribe({
			next(value) {
				if (!fits(value)) return;
				resolve(value);
				// A value may come before `subscribe` has returned.
				queueMicrotask(() => subscription.unsubscribe());
			},
			error: reject,
			complete: () => reject(new Error("it ended before what was waited for")),
		});
	});
}

describe("PAPI", () => {
	let client, api;

	before(async () => {
		await ensureReachable();
		// Node.js 20 has no WebSocket of its own.
		client = createClient(getWsProvider(url, { websocketClass: WebSocket }));
		// Nothing is generated: it knows what the chain's metadata says.
		api = client.getUnsafeApi();
	}, limit);

	after(() => client?.destroy());

	/** The newest block: all reads of a test are of the same one. */
	const newest = async () => ({ at: (await client.getBestBlocks())[0].hash });

	test("connects and knows the token", limit, async () => {
		const version = await api.constants.System.Version();
		assert.equal(version.spec_name, "cairn");
		assert.equal(await api.constants.System.SS58Prefix(), 42);
		const { properties } = await client.getChainSpecData();
		assert.equal(properties.tokenDecimals, 12);
	});

	// PAPI would fall back on the older methods if the node did not serve this one.
	test("is told by chainHead_v1 of blocks until they are final", limit, async ({ signal }) => {
		const socket = await connect();
		const request = { jsonrpc: "2.0", id: 1, method: "chainHead_v1_follow", params: [true] };
		const awaited = new Set(["initialized", "newBlock", "bestBlockChanged", "finalized"]);
		try {
			socket.send(JSON.stringify(request));
			for await (const [message] of on(socket, "message", { close: ["close"], signal })) {
				const { error, params } = JSON.parse(message);
				assert.equal(error, undefined);
				const told = params?.result;
				awaited.delete(told?.event);
				if (told?.event === "initialized") {
					assert.equal(told.finalizedBlockRuntime.spec.specName, "cairn");
				}
				if (awaited.size === 0) break;
			}
			assert.deepEqual([...awaited], []);
		} finally {
			socket.terminate();
		}
	});

	test("reads the device, its batch and its reward", limit, async () => {
		const { device, gateway, window, attempt, slot } = paidDevice();
		const { query, apis } = api;
		const block = await newest();

		const record = await query.Devices.Devices.getValue(device, block);
		assert.ok(record, "the device is known");
		const { owner, stage, state } = record;
		assertDevice(
			{ owner, stage: stage.type, assignment: state.assignment?.current },
			{ gateway, slot },
		);

		const batch = await query.Telemetry.Batches.getValue(gateway, window, attempt, block);
		const ledger = await query.Telemetry.Ledgers.getValue(gateway, window, block);
		assertBatch(
			batch && { stage: batch.stage.type, root: batch.ledger_root, ...batch.sums },
			ledger,
			state,
		);

		const earner = Enum("Slot", [gateway, slot]);
		const earning = await query.Rewards.Earnings.getValue(earner, block);
		const answer = await apis.CairnApi.earning(gateway, slot, block);
		assert.ok(answer, "the runtime's API knows the slot");
		assertEarning(earning, { paid: answer.paid, device: answer.slot.device }, { device });
	});

	test("transfers, with extensions that it does not know", limit, async () => {
		const derive = sr25519CreateDerive(DEV_MINI_SECRET);
		const pair = derive(sender);
		const from = ss58Address(pair.publicKey);
		const to = ss58Address(derive(`${receiver}//PAPI`).publicKey);
		const signer = getPolkadotSigner(pair.publicKey, "Sr25519", pair.sign);
		const free = async (block) => (await api.query.System.Account.getValue(to, block)).data.free;

		const held = await free(await newest());
		const transfer = api.tx.Balances.transfer_keep_alive({
			dest: Enum("Id", to),
			value: amount,
		});
		// Of a nonce PAPI asks the state only: this one counts what waits in the pool too.
		const nonce = await client._request("system_accountNextIndex", [from]);
		const { ok, events, block } = await first(
			transfer.signSubmitAndWatch(signer, { nonce }),
			({ type, found }) => type === "txBestBlocksState" && found,
		);
		assert.ok(ok);

		const paid = events.find(({ type, value }) => type === "Balances" && value.type === "Transfer");
		assert.deepEqual(paid.value.value, { from, to, amount });
		assert.equal((await free({ at: block.hash })) - held, amount);
	});

	for (const version of metadataVersions) {
		test(`is served metadata V${version}`, limit, async () => {
			const bytes = await api.apis.Metadata.metadata_at_version(version);
			assertMetadata(bytes, version);
		});
	}
});
