import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";
import { Metadata, TypeRegistry } from "@polkadot/types";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
	amount,
	assertBatch,
	assertDevice,
	assertEarning,
	assertMetadata,
	ensureReachable,
	extensions,
	limit,
	metadataVersions,
	paidDevice,
	receiver,
	sender,
	url,
} from "../lib/chain.mjs";

/** The result of a transaction once it is in a block; fails if it cannot get there. */
function inBlock(transaction, signer) {
	return new Promise((resolve, reject) => {
		transaction
			.signAndSend(signer, { nonce: -1 }, (result) => {
				if (result.status.isInBlock) resolve(result);
				else if (result.isError) reject(new Error(`transaction is ${result.status.type}`));
			})
			.catch(reject);
	});
}

describe("polkadot.js API", () => {
	let api;

	before(async () => {
		await ensureReachable();
		// Without `noInitWarn` it says of extensions it does not know that it encodes them as empty.
		api = new ApiPromise({ provider: new WsProvider(url), noInitWarn: true });
		await api.isReadyOrError;
	}, limit);

	after(() => api?.disconnect());

	/** What is said of the newest block: all reads of a test are of the same one. */
	const newest = async () => api.at(await api.rpc.chain.getBlockHash());

	test("connects and knows the token", limit, () => {
		assert.equal(api.runtimeVersion.specName.toString(), "cairn");
		assert.equal(api.registry.chainSS58, 42);
		assert.deepEqual(api.registry.chainDecimals, [12]);
	});

	test("reads the device, its batch and its reward", limit, async () => {
		const { device, gateway, window, attempt, slot } = paidDevice();
		const { query, call } = await newest();

		const record = (await query.devices.devices(device)).unwrap();
		const assignment = record.state.assignment.unwrap().current;
		assertDevice(
			{
				owner: record.owner.toString(),
				stage: record.stage.type,
				assignment: {
					gateway: assignment.gateway.toNumber(),
					slot: assignment.slot.toNumber(),
				},
			},
			{ gateway, slot },
		);

		const batch = (await query.telemetry.batches(gateway, window, attempt)).unwrapOr(undefined);
		const ledger = (await query.telemetry.ledgers(gateway, window)).unwrapOr(undefined);
		assertBatch(
			batch && {
				stage: batch.stage.type,
				root: batch.ledgerRoot.toHex(),
				units: batch.sums.units.toBigInt(),
				readings: batch.sums.readings.toBigInt(),
				devices: batch.sums.devices.toNumber(),
			},
			ledger && { root: ledger.root.toHex(), network: ledger.network.toNumber() },
			{ network: record.state.network.toNumber() },
		);

		const earning = (await query.rewards.earnings({ Slot: [gateway, slot] })).unwrapOr(undefined);
		const answer = (await call.cairnApi.earning(gateway, slot)).unwrap();
		assertEarning(
			earning && {
				paid: earning.paid.toBigInt(),
				unvested: earning.unvested.toBigInt(),
				due: earning.due.toBigInt(),
			},
			{ paid: answer.paid.toBigInt(), device: answer.slot.device.toBigInt() },
			{ device },
		);
	});

	test("transfers, with extensions that it does not know", limit, async () => {
		assert.deepEqual(api.registry.signedExtensions, extensions);

		const keyring = new Keyring({ type: "sr25519", ss58Format: 42 });
		const from = keyring.addFromUri(sender);
		const to = keyring.addFromUri(`${receiver}//polkadot.js`);
		const transfer = api.tx.balances.transferKeepAlive(to.address, amount);
		const { status, dispatchError, events } = await inBlock(transfer, from);
		assert.equal(dispatchError, undefined);

		const paid = events.map(({ event }) => event).find(api.events.balances.Transfer.is);
		assert.equal(paid.data.from.toString(), from.address);
		assert.equal(paid.data.to.toString(), to.address);
		assert.equal(paid.data.amount.toBigInt(), amount);

		const block = status.asInBlock;
		const { parentHash } = await api.rpc.chain.getHeader(block);
		const free = async (hash) =>
			(await (await api.at(hash)).query.system.account(to.address)).data.free.toBigInt();
		assert.equal((await free(block)) - (await free(parentHash)), amount);
	});

	test("proposes and votes, without types of its own", limit, async () => {
		const named = ([id, { name }]) => [id.toNumber(), name.toString().replace(/\0+$/, "")];
		const tracks = new Map(api.consts.referenda.tracks.map(named));
		assert.equal(tracks.get(0), "root");
		assert.equal(tracks.get(10), "economic admin");

		const voter = new Keyring({ type: "sr25519", ss58Format: 42 }).addFromUri(sender);
		const proposal = { Inline: api.tx.system.remark("0x636169726e").method.toHex() };
		const origin = { Origins: "EconomicAdmin" };
		const submit = api.tx.referenda.submit(origin, proposal, { After: 0 });
		const submitted = await inBlock(submit, voter);
		assert.equal(submitted.dispatchError, undefined);
		const event = submitted.events.map((record) => record.event).find(api.events.referenda.Submitted.is);
		assert.equal(event.data.track.toNumber(), 10);

		const vote = { Standard: { vote: { aye: true, conviction: "Locked2x" }, balance: amount } };
		const voted = await inBlock(api.tx.convictionVoting.vote(event.data.index, vote), voter);
		assert.equal(voted.dispatchError, undefined);
		const { query } = await api.at(voted.status.asInBlock);
		const status = (await query.referenda.referendumInfoFor(event.data.index)).unwrap().asOngoing;
		assert.equal(status.origin.asOrigins.type, "EconomicAdmin");
		assert.equal(status.tally.ayes.toBigInt(), 2n * amount);
		assert.equal(status.tally.support.toBigInt(), amount);
	});

	for (const version of metadataVersions) {
		test(`is served metadata V${version}`, limit, async () => {
			const argument = api.createType("u32", version).toHex(true);
			const answer = await api.rpc.state.call("Metadata_metadata_at_version", argument);
			const bytes = api.createType("Option<Bytes>", answer.toU8a(true)).unwrap().toU8a(true);
			assertMetadata(bytes, version);

			const metadata = new Metadata(new TypeRegistry(), bytes);
			assert.equal(metadata.version, version);
			const pallets = metadata.asLatest.pallets.map(({ name }) => name.toString());
			for (const name of ["Devices", "Telemetry", "Rewards"]) assert.ok(pallets.includes(name));
		});
	}
});
