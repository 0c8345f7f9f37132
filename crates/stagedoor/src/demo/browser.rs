//! As much of a browser as the scripted demo needs: cookies, forms, and no redirect unseen.

use anyhow::{Context, Result, anyhow, ensure};
use std::collections::BTreeMap;
use url::Url;

/// What a server answered.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) url: Url,
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) body: String,
}

/// One person's browser. Cookies belong to a host and port, as the demo's servers share a host.
#[derive(Debug, Default)]
pub(super) struct Browser {
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// A form of a page.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) action: Url,
    pub(super) fields: Vec<(String, String)>,
}

impl Browser {
    pub(super) async fn get(&mut self, url: &str) -> Result<Page> {
        self.send(Url::parse(url)?, None).await
    }

    pub(super) async fn submit(&mut self, form: &Form) -> Result<Page> {
        self.send(form.action.clone(), Some(form.fields.clone())).await
    }

    /// Follows redirects from a page to the first answer that is none.
    pub(super) async fn follow(&mut self, page: Page) -> Result<Page> {
        let mut page = page;
        for _ in 0..5 {
            let Some(location) = page.location.clone() else { return Ok(page) };
            page = self.send(page.url.join(&location)?, None).await?;
        }
        Err(anyhow!("more than five redirects, the last to {}", page.url.path()))
    }

    async fn send(&mut self, url: Url, form: Option<Vec<(String, String)>>) -> Result<Page> {
        let origin = url.origin().ascii_serialization();
        let jar = self.cookies.entry(origin.clone()).or_default();
        let cookie = jar.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("; ");
        let target = url.clone();
        let (page, set) = tokio::task::spawn_blocking(move || exchange(&target, form, &cookie))
            .await
            .context("the browser")??;
        for cookie in set {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                let expired = value.is_empty() || cookie.to_ascii_lowercase().contains("max-age=0");
                if expired {
                    jar.remove(name);
                } else {
                    jar.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        Ok(page)
    }
}

fn exchange(
    url: &Url,
    form: Option<Vec<(String, String)>>,
    cookie: &str,
) -> Result<(Page, Vec<String>)> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().into();
    let answer = match form {
        None => agent.get(url.as_str()).header("Cookie", cookie).call(),
        Some(fields) => agent
            .post(url.as_str())
            .header("Cookie", cookie)
            .header("Origin", &url.origin().ascii_serialization())
            .send_form(fields),
    };
    let mut answer = answer.with_context(|| format!("no answer from {}", url.path()))?;
    let text = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok());
    let (location, cache_control) =
        (text("Location").map(str::to_owned), text("Cache-Control").map(str::to_owned));
    let set = answer
        .headers()
        .get_all("Set-Cookie")
        .iter()
        .filter_map(|v| v.to_str().ok().map(str::to_owned))
        .collect();
    let status = answer.status().as_u16();
    let body = answer.body_mut().read_to_string().context("the answer's body")?;
    Ok((Page { url: url.clone(), status, location, cache_control, body }, set))
}

/// Calls AWS as anybody with a terminal could: the sandbox asks for the form of a signature only.
pub(super) async fn aws_call(
    endpoint: &str,
    region: &str,
    service: &'static str,
    target: &'static str,
    body: serde_json::Value,
) -> Result<serde_json::Value> {
    let url = endpoint.to_owned();
    let scope = format!("AKIASOMEBODYELSE/20260101/{region}/{service}/aws4_request");
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={}",
        "0".repeat(64)
    );
    tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent
            .post(&url)
            .header("X-Amz-Target", target)
            .header("X-Amz-Date", "20260101T000000Z")
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("Authorization", &authorization)
            .send(body.to_string())
            .with_context(|| format!("no answer to {target}"))?;
        let status = answer.status();
        let text = answer.body_mut().read_to_string()?;
        if !status.is_success() {
            return Err(anyhow!("{target} answered {status}: {text}"));
        }
        Ok(if text.is_empty() { serde_json::Value::Null } else { serde_json::from_str(&text)? })
    })
    .await
    .context("the call")?
}

impl Form {
    /// The form as a press of this button sends it.
    pub(super) fn pressing(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Page {
    /// Fails unless the page refuses with this reason code.
    pub(super) fn refuses(&self, code: &str) -> Result<()> {
        ensure!(
            self.status == 403 && self.body.contains(code),
            "expected a 403 page with {code}, got status {}",
            self.status
        );
        Ok(())
    }

    /// What somebody reads there: without tags, blanks as one.
    pub(super) fn text(&self) -> String {
        let body = self.body.split_once("<body>").map_or(self.body.as_str(), |(_, body)| body);
        let mut text = String::new();
        for part in body.split('<') {
            text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
            text.push(' ');
        }
        let plain = text.replace("&#38;", "&").replace("&#39;", "'").replace("&#62;", ">");
        plain.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Fails unless the page is there and reads so.
    pub(super) fn says(&self, words: &str) -> Result<()> {
        let text = self.text();
        ensure!(
            self.status == 200 && text.contains(words),
            "{} (status {}) does not say `{words}` but: {text}",
            self.url.path(),
            self.status
        );
        Ok(())
    }

    /// The first form whose text satisfies the condition.
    pub(super) fn form(&self, fits: impl Fn(&str) -> bool) -> Result<Form> {
        let form = self.forms().find(|text| fits(text)).ok_or_else(|| {
            anyhow!("no such form on {} (status {})", self.url.path(), self.status)
        })?;
        let action = attribute(form, "action").unwrap_or_default();
        let fields = form
            .split('<')
            .filter(|tag| tag.starts_with("input"))
            .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)))
            .collect();
        Ok(Form { action: self.url.join(&action)?, fields })
    }

    /// The text of each form of the page.
    pub(super) fn forms(&self) -> impl Iterator<Item = &str> {
        self.body.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap_or(rest))
    }
}

/// The value of an attribute of the first tag of some HTML of our own making.
pub(super) fn attribute(html: &str, name: &str) -> Option<String> {
    let tag = html.split('>').next()?;
    let rest = tag.split_once(&format!(" {name}=\""))?.1;
    let raw = rest.split('"').next()?;
    Some(
        raw.replace("&#43;", "+")
            .replace("&#x2B;", "+")
            .replace("&#x2b;", "+")
            .replace("&#x3D;", "=")
            .replace("&#61;", "=")
            .replace("&#x2F;", "/")
            .replace("&#47;", "/")
            .replace("&#x27;", "'")
            .replace("&quot;", "\"")
            .replace("&#34;", "\"")
            .replace("&#38;", "&")
            .replace("&amp;", "&"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_fields() {
        let page = Page {
            url: Url::parse("http://127.0.0.1:1/a").unwrap(),
            status: 200,
            location: None,
            cache_control: None,
            body: r#"<form method="post" action="/x"><input name="n" value="1"></form>
                <form method="post" action="/open/team-1"><input type="hidden" name="key" value="a&#x2B;b">
                <button>Open</button></form>"#
                .into(),
        };
        let form = page.form(|text| text.contains("/open/team-1")).unwrap();
        assert_eq!(form.action.as_str(), "http://127.0.0.1:1/open/team-1");
        assert_eq!(form.fields, [("key".to_owned(), "a+b".to_owned())]);
        assert!(page.form(|text| text.contains("/open/team-2")).is_err());
    }
}
