//! What is asked at intervals: this machine, and exporters of metrics.

use std::{collections::BTreeMap, time::Duration};

use futures::future::join_all;
use tokio::{
	task::block_in_place,
	time::{MissedTickBehavior, interval},
};

use super::{Kind, Source};
use crate::{
	agent::{
		client::Client,
		error::Error,
		host::Host,
		hub::Sink,
		plan::{Batch, SourceId},
		schema::{host_records, scrape_up},
		scrape::scrape,
	},
	clock::now_millis,
};

/// An exporter.
struct Exporter {
	id: SourceId,
	url: String,
	client: Client,
}

/// Everything that is asked at the same interval: it is asked together, and gets one time.
pub struct Poller {
	every: Duration,
	machine: Option<Host>,
	/// Sources that are this machine.
	hosts: Vec<SourceId>,
	exporters: Vec<Exporter>,
}

impl Poller {
	/// Those of these sources that are asked, by their interval.
	///
	/// # Errors
	/// If the machine cannot be read, or an address is none.
	pub fn of(sources: &[Source]) -> Result<Vec<Self>, Error> {
		let mut pollers = BTreeMap::<Duration, Self>::new();
		for (index, source) in sources.iter().enumerate() {
			let id = SourceId(index);
			match &source.kind {
				Kind::Host { every } => {
					let poller = Self::at(&mut pollers, *every);
					if poller.machine.is_none() {
						poller.machine = Some(Host::new()?);
					}
					poller.hosts.push(id);
				},
				Kind::Scrape { url, every } => {
					let (url, client) = (url.clone(), Client::new(url)?);
					Self::at(&mut pollers, *every).exporters.push(Exporter { id, url, client });
				},
				_ => {},
			}
		}
		Ok(pollers.into_values().collect())
	}

	fn at(pollers: &mut BTreeMap<Duration, Self>, every: Duration) -> &mut Self {
		let empty = || Self { every, machine: None, hosts: Vec::new(), exporters: Vec::new() };
		pollers.entry(every).or_insert_with(empty)
	}

	/// Ask at each interval, for ever.
	pub(super) async fn run(mut self, sink: &dyn Sink) {
		let mut ticks = interval(self.every);
		ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
		loop {
			ticks.tick().await;
			self.poll(sink).await;
		}
	}

	/// Ask once.
	pub async fn poll(&mut self, sink: &dyn Sink) {
		let scrapes = self.exporters.iter().map(|it| scrape(it.client.http(), &it.url));
		let scraped = join_all(scrapes).await;
		let read = self.machine.as_mut().map(|host| host_records(&block_in_place(|| host.read())));
		let now = now_millis();
		for (exporter, scraped) in self.exporters.iter().zip(scraped) {
			let up = scrape_up(scraped.is_ok());
			let mut records = scraped.unwrap_or_else(|cause| {
				sink.trouble(exporter.id, format!("cannot scrape {}: {cause}", exporter.url));
				Vec::new()
			});
			// Samples with times of their own are as old as the exporter knows; what is reported is
			// what it says now.
			records.iter_mut().for_each(|record| record.time = None);
			records.push(up);
			sink.take(&Batch { source: exporter.id, topic: None, records: &records, now });
		}
		for source in &self.hosts {
			let records = read.as_deref().unwrap_or_default();
			sink.take(&Batch { source: *source, topic: None, records, now });
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::agent::{
		left::{Left, Taken},
		plan::Input,
	};
	use std::sync::{Mutex, PoisonError};
	use tokio::{
		io::{AsyncReadExt, AsyncWriteExt},
		net::TcpListener,
	};

	/// Keeps what it is given.
	#[derive(Default)]
	struct Kept {
		batches: Mutex<Vec<(SourceId, u64, Vec<String>)>>,
		trouble: Mutex<Vec<String>>,
	}

	impl Sink for Kept {
		fn take(&self, batch: &Batch<'_>) -> Taken {
			let names = batch.records.iter().map(|record| record.name.clone()).collect();
			let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
			batches.push((batch.source, batch.now, names));
			Taken::default()
		}

		fn leave(&self, _: SourceId, left: Left, record: &str) {
			panic!("{record}: {left}");
		}

		fn inputs(&self, _: SourceId) -> Vec<Input> {
			Vec::new()
		}

		fn is_ready(&self, _: SourceId) -> bool {
			true
		}

		fn trouble(&self, _: SourceId, what: String) {
			self.trouble.lock().unwrap_or_else(PoisonError::into_inner).push(what);
		}
	}

	fn source(kind: Kind) -> Source {
		Source { name: "source".to_owned(), kind, pace: Duration::from_secs(1) }
	}

	/// Answers one scrape.
	async fn exporter() -> String {
		let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
		let address = listener.local_addr().expect("an address");
		tokio::spawn(async move {
			let (mut stream, _) = listener.accept().await.expect("a connection");
			let mut request = [0; 1_024];
			let _ = stream.read(&mut request).await.expect("a request");
			let answer =
				"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\nmetric_a 1.5";
			stream.write_all(answer.as_bytes()).await.expect("an open connection");
		});
		format!("http://{address}/metrics")
	}

	#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
	async fn what_has_one_interval_is_asked_together() {
		let every = Duration::from_secs(1);
		let url = exporter().await;
		let sources = [
			source(Kind::Host { every }),
			source(Kind::Scrape { url, every }),
			source(Kind::Scrape { url: "http://127.0.0.1:9/metrics".to_owned(), every }),
			source(Kind::Host { every: every * 2 }),
		];
		let mut pollers = Poller::of(&sources).expect("a machine that can be read");
		assert_eq!(pollers.len(), 2);
		let kept = Kept::default();
		pollers[0].poll(&kept).await;
		let batches = kept.batches.into_inner().unwrap_or_else(PoisonError::into_inner);
		let [(good, at, names), (bad, later, only), (host, last, hosts)] = batches.as_slice()
		else {
			panic!("three batches: {batches:?}")
		};
		assert_eq!([good.0, bad.0, host.0], [1, 2, 0]);
		assert!(at == later && at == last);
		assert_eq!(names.as_slice(), ["metric_a", "scrape-up"]);
		assert_eq!(only.as_slice(), ["scrape-up"]);
		assert!(hosts.iter().any(|name| name == "uptime"));
		let trouble = kept.trouble.into_inner().unwrap_or_else(PoisonError::into_inner);
		assert!(trouble.len() == 1 && trouble[0].contains("127.0.0.1:9"), "{trouble:?}");
	}
}
