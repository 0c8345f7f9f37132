//! Invocation after invocation.

use crate::function::{Function, FunctionError};
use crate::runtime_api::{Invocation, RuntimeApi, RuntimeApiError};
use control::ports::Clock;
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use tracing::Instrument;

/// Takes invocations and answers them, one after the other, until `stop` resolves. One that is under
/// way then is finished. When an answer was taken and before the next invocation is asked for, which
/// is when Lambda freezes the process, what goes on beside invocations is brought to an end
/// ([`Function::wind_up`]); `afterwards` runs last of all, and takes a second at most: it sends traces.
///
/// # Errors
/// The Runtime API cannot be used any more: Lambda starts another process.
pub async fn serve(
    mut api: RuntimeApi,
    function: &Function<'_>,
    clock: &dyn Clock,
    stop: impl Future<Output = ()>,
    afterwards: impl AsyncFn(),
) -> Result<(), RuntimeApiError> {
    tokio::pin!(stop);
    loop {
        let invocation = tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            invocation = api.next(|| clock.now()) => invocation?,
        };
        let Invocation { request_id, end, trace_id, payload } = invocation;
        let span = tracing::info_span!("invocation", requestId = request_id, traceId = trace_id);
        let answer = AssertUnwindSafe(function.handle(&payload, end).instrument(span.clone()));
        let answer = answer.catch_unwind().await.unwrap_or(Err(FunctionError::Panicked));
        match answer {
            Ok(answer) => api.respond(&request_id, answer).await?,
            Err(error) => {
                let code = error.code();
                span.in_scope(|| tracing::error!(code, %error, "the invocation failed"));
                api.fail(&request_id, code, &error.to_string()).await?;
            }
        }
        function.wind_up(end).instrument(span).await;
        afterwards().await;
    }
}
