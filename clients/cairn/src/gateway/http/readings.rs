//! `POST /v1/readings`.

use std::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
};

use axum::{Json, extract::State, http::Request};
use cairn_telemetry::{SignedReading, check::SlotFacts};
use cairn_types::{DeviceId, SchemaId, Window};

use super::{App, Failure, body};
use crate::{
	clock::now_millis,
	gateway::{
		chain_state::ChainState,
		refusal::Refusal,
		screen::{Screen, hold_back},
		signatures::Judged,
		store::{Incoming, Taken},
	},
	protocol::{ReadingResult, ReadingStatus, ReadingsAnswer},
};

/// Where devices are in windows.
type Places = BTreeMap<(DeviceId, Window), Result<SlotFacts, Refusal>>;

/// Take readings. A request has its turn once its body has come: slow ones take nobody's.
pub(super) async fn post(
	State(app): State<Arc<App>>,
	request: Request<axum::body::Body>,
) -> Result<Json<ReadingsAnswer>, Failure> {
	if app.ingest.available_permits() == 0 {
		return Err(body::busy());
	}
	let (parts, body) = request.into_parts();
	let received = body::receive(&parts.headers, body, &app.bodies).await?;
	let Ok(_turn) = app.ingest.try_acquire() else { return Err(body::busy()) };
	let readings = received.decode(&parts.headers)?;
	let results = take(&app, readings).await;
	Ok(Json(ReadingsAnswer { results }))
}

/// Judge readings and store those that are admissible; answers in the same order.
pub(in crate::gateway) async fn take(
	app: &Arc<App>,
	readings: Vec<SignedReading>,
) -> Vec<ReadingResult> {
	let names = readings.iter().map(|signed| {
		let reading = &signed.reading;
		(reading.device, reading.sequence)
	});
	let names = names.collect::<Vec<_>>();
	let verdicts = match app.state() {
		Ok(state) => {
			let judged = judge(app, &state, readings).await;
			store(app, judged).await
		},
		Err(_) => vec![Err(Refusal::Unsynced); names.len()],
	};
	let results = names.into_iter().zip(verdicts);
	results.map(|((device, sequence), verdict)| report(app, device, sequence, verdict)).collect()
}

/// Form, place, signature, rate.
async fn judge(
	app: &Arc<App>,
	state: &Arc<ChainState>,
	readings: Vec<SignedReading>,
) -> Vec<Judged> {
	let forms = forms(app, state, &readings);
	let wanted = readings.iter().zip(&forms).filter_map(|(signed, form)| {
		let window = form.as_ref().ok()?;
		Some((signed.reading.device, *window))
	});
	let places = places(app, state, wanted.collect()).await;
	let count = readings.len();
	let checked = app.signatures.check(placed(readings, forms, &places)).await;
	let Ok(mut judged) = checked else {
		// Unreachable unless a check panics: then nothing is taken.
		return (0..count).map(|_| (DeviceId::default(), Err(Refusal::NotStored))).collect();
	};
	for (device, verdict) in &mut judged {
		if verdict.is_ok() && app.limiter.check_key(device).is_err() {
			*verdict = Err(Refusal::RateLimited);
		}
	}
	hold_back(&mut judged);
	judged
}

fn forms(
	app: &App,
	state: &ChainState,
	readings: &[SignedReading],
) -> Vec<Result<Window, Refusal>> {
	let schemas = state.schemas.iter().map(|(id, schema)| (*id, schema.channels.len()));
	let schemas = schemas.collect::<Vec<(SchemaId, usize)>>();
	let screen = Screen {
		network: state.gateway.network,
		clock: &state.clock,
		schemas: &schemas,
		running: state.running(),
		now_millis: now_millis(),
		tolerance_millis: app.tolerance_millis,
	};
	readings.iter().map(|signed| screen.form(signed)).collect()
}

/// Places of devices in windows; each is asked for once.
async fn places(app: &App, state: &ChainState, wanted: BTreeSet<(DeviceId, Window)>) -> Places {
	let mut places = BTreeMap::new();
	for (device, window) in wanted {
		let place = app.registry.place(device, window, state.clock.now.window).await;
		places.insert((device, window), place);
	}
	places
}

/// Readings with the keys of their places, by which signatures are checked. Pure.
fn placed(
	readings: Vec<SignedReading>,
	forms: Vec<Result<Window, Refusal>>,
	places: &Places,
) -> Vec<Judged> {
	let judged = readings.into_iter().zip(forms).map(|(signed, form)| {
		let device = signed.reading.device;
		let verdict = form.and_then(|window| {
			let place = places.get(&(device, window)).copied().unwrap_or(Err(Refusal::TooSoon))?;
			Ok(Incoming { window, signed, key: place.key })
		});
		(device, verdict)
	});
	judged.collect()
}

/// Store what is admissible, and put the store's verdicts in place.
async fn store(app: &App, judged: Vec<Judged>) -> Vec<Result<Taken, Refusal>> {
	let mut verdicts = Vec::with_capacity(judged.len());
	let mut admitted = Vec::new();
	for (_, verdict) in judged {
		verdicts.push(match verdict {
			Ok(incoming) => {
				admitted.push(incoming);
				None
			},
			Err(refusal) => Some(refusal),
		});
	}
	let count = admitted.len();
	let stored =
		if admitted.is_empty() { Ok(Vec::new()) } else { app.writer.write(admitted).await };
	let mut stored = stored.unwrap_or_else(|_| vec![Err(Refusal::NotStored); count]).into_iter();
	let merged = verdicts.into_iter().map(|refusal| match refusal {
		Some(refusal) => Err(refusal),
		None => stored.next().unwrap_or(Err(Refusal::NotStored)),
	});
	merged.collect()
}

/// Count a verdict and put it in words.
fn report(
	app: &App,
	device: DeviceId,
	sequence: u64,
	verdict: Result<Taken, Refusal>,
) -> ReadingResult {
	let status = match verdict {
		Ok(Taken::Accepted) => {
			app.metrics.accepted.inc();
			ReadingStatus::Accepted
		},
		Ok(Taken::Duplicate) => {
			app.metrics.duplicates.inc();
			ReadingStatus::Duplicate
		},
		Err(refusal) => {
			app.metrics.rejected.with_label_values(&[refusal.code()]).inc();
			let newest = app.registry.near(Window::MAX);
			let is_assigned = newest.is_some_and(|facts| facts.place(device).is_some());
			app.rejections.add(device, is_assigned, refusal);
			tracing::debug!(%device, sequence, %refusal, "a reading is not taken");
			ReadingStatus::Rejected
		},
	};
	let refusal = verdict.err();
	ReadingResult {
		device,
		sequence,
		status,
		code: refusal.map(|refusal| refusal.code().to_owned()),
		cause: refusal.map(|refusal| refusal.cause().to_owned()),
		remedy: refusal.map(|refusal| refusal.remedy().to_owned()),
		retry: refusal.is_some_and(Refusal::retry),
	}
}
