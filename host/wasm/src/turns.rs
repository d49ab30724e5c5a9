//! Who computes when there is more to compute than processors.
//!
//! A call begins on the threads that serve everybody. One that computes for long goes on beside them, on threads of a
//! lower priority where such calls take turns. So a hostile bot takes what others leave, and its fair share of that.

use std::future::poll_fn;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::nice;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// What a call may compute before it has to go aside. Most events take less.
const GRACE: Duration = Duration::from_micros(500);
/// How much the threads beside give way; the highest number is 19.
const NICE: i32 = 10;

/// The threads for calls that take long. Started when the first such call comes. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Threads>);

#[derive(Default)]
struct Threads(OnceLock<Option<Runtime>>);

impl Turns {
    /// Awaits a call, here at first. Dropping the returned future drops the call, soon if not at once.
    pub(crate) async fn take<F>(&self, call: F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let mut call = Box::pin(call);
        if let Some(out) = briefly(&mut call).await {
            return out;
        }
        let Some(threads) = self.0.started() else {
            return call.await;
        };
        let mut aside = Aside(threads.spawn(call));
        match (&mut aside.0).await {
            Ok(out) => out,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The threads end with the process, and nobody waits for a call any more.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

impl Threads {
    /// None when the system gives no threads: then the call goes on where it is.
    fn started(&self) -> Option<&Runtime> {
        let start = || {
            let threads = Builder::new_multi_thread()
                .worker_threads(thread::available_parallelism().map_or(1, usize::from))
                .thread_name("bot-slow")
                .on_thread_start(|| {
                    let _ = nice(NICE);
                })
                .enable_all()
                .build();
            threads
                .inspect_err(|error| tracing::error!(%error, "no threads for bots that take long"))
                .ok()
        };
        self.0.get_or_init(start).as_ref()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(Some(threads)) = self.0.take() {
            threads.shutdown_background();
        }
    }
}

/// The call's answer, unless it computed for longer than its grace.
async fn briefly<F: Future>(call: &mut Pin<Box<F>>) -> Option<F::Output> {
    let mut computed = Duration::ZERO;
    poll_fn(|cx| {
        let begun = Instant::now();
        let polled = call.as_mut().poll(cx);
        computed += begun.elapsed();
        match polled {
            Poll::Ready(out) => Poll::Ready(Some(out)),
            Poll::Pending if computed > GRACE => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// A call that went aside, and ends when nobody waits for it.
struct Aside<T>(JoinHandle<T>);

impl<T> Drop for Aside<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> String {
        thread::current().name().unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn what_is_quick_stays_and_what_is_slow_goes_aside() {
        let turns = Turns::default();
        assert_ne!(turns.take(async { name() }).await, "bot-slow");
        let slow = async {
            let begun = Instant::now();
            while begun.elapsed() < 2 * GRACE {}
            tokio::task::yield_now().await;
            name()
        };
        assert_eq!(turns.take(slow).await, "bot-slow");
    }

    #[tokio::test]
    async fn waiting_is_not_computing() {
        let waits = async {
            tokio::time::sleep(4 * GRACE).await;
            name()
        };
        assert_ne!(Turns::default().take(waits).await, "bot-slow");
    }

    #[tokio::test]
    async fn a_call_that_nobody_waits_for_ends() {
        struct Told(Option<tokio::sync::oneshot::Sender<()>>);
        impl Drop for Told {
            fn drop(&mut self) {
                let _ = self.0.take().map(|told| told.send(()));
            }
        }
        let (told, ended) = tokio::sync::oneshot::channel();
        let told = Told(Some(told));
        let endless = async move {
            let _told = told;
            loop {
                let begun = Instant::now();
                while begun.elapsed() < 2 * GRACE {}
                tokio::task::yield_now().await;
            }
        };
        let turns = Turns::default();
        tokio::time::timeout(Duration::from_millis(20), turns.take(endless))
            .await
            .expect_err("endless");
        ended.await.expect("it was dropped");
    }
}
