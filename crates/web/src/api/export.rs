//! The audit log as lines, a part at a time: a function's answer has a bound, and so has a request's
//! time.

use super::asking::{Asked, Asking};
use super::endpoint::{Endpoint, JSON_LINES};
use super::filter::filtered;
use super::problem::Failed;
use super::rooms::parsed;
use crate::routes::Portal;
use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use control::audit::{ExportCursor, ExportForm};
use control::desk::{MOST_EXPORTED, Refused, Right};
use url::form_urlencoded;

/// So many entries a part has, if nobody says otherwise.
const ENTRIES: u32 = 1_000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/audit/export", Right::Audit, export)
            .named(
                "audit",
                "exportAudit",
                "Entries as they were sealed, oldest first within each chain, a part at a time. The \
                 parts one after the other, without a filter, are what `stagedoor audit verify \
                 --export` takes.",
            )
            .asking::<ExportQuery>()
            .answering_lines(),
    ]
}

filtered! {
    /// Which entries, and how.
    struct ExportQuery {
        /// `jsonl`, as they were sealed, or `ocsf`. Absent: `jsonl`.
        #[param(pattern = "^(jsonl|ocsf)$")]
        format: Option<String>,
        /// Where the last part ended, as its `Link` says. Absent: the first part.
        #[param(max_length = 1024)]
        cursor: Option<String>,
        /// The most entries of the part. It may have fewer although there is more.
        #[param(minimum = 1, maximum = 5000, default = 1000)]
        limit: Option<u32>,
    }
}

async fn export(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    uri: Uri,
    Asked(query): Asked<ExportQuery>,
) -> Result<Response, Failed> {
    let filter = query.filter()?;
    let form = parsed(query.format.as_deref(), ExportForm::parse)?.unwrap_or_default();
    let limit = query.limit.unwrap_or(ENTRIES);
    if !(1..=MOST_EXPORTED).contains(&limit) {
        let why = format!("The limit is not between 1 and {MOST_EXPORTED}.");
        return Err(Refused::invalid(why, "Leave it out, or ask for several parts.").into());
    }
    let part = portal.desk.export_audit(&caller, &filter, form, query.cursor.as_deref(), limit);
    let part = part.await?;
    let kind = HeaderValue::from_static(JSON_LINES);
    let mut answer = ([(header::CONTENT_TYPE, kind)], part.lines).into_response();
    let link = part.next.and_then(|next| HeaderValue::from_str(&link(&uri, &next)).ok());
    if let Some(link) = link {
        answer.headers_mut().insert(header::LINK, link);
    }
    Ok(answer)
}

/// The address that asks for the same, from there on.
fn link(uri: &Uri, next: &ExportCursor) -> String {
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let mut words = form_urlencoded::Serializer::new(String::new());
    words.extend_pairs(query.filter(|(name, _)| name != "cursor"));
    words.append_pair("cursor", &next.to_string());
    format!("<{}?{}>; rel=\"next\"", uri.path(), words.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_part_is_asked_for_in_the_same_words() {
        let uri: Uri = "/api/v1/audit/export?event=a%26b&cursor=main%2F1&limit=2".parse().unwrap();
        let next: ExportCursor = "main/3".parse().unwrap();
        assert_eq!(
            link(&uri, &next),
            "</api/v1/audit/export?event=a%26b&limit=2&cursor=main%2F3>; rel=\"next\""
        );
    }
}
