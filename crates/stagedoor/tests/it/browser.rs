//! As much of a browser as the door needs: cookies and forms, and no redirect unseen.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    /// A header's value; empty if it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Where it leads; empty if nowhere.
    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    /// Checks that it is a page that refuses with this code.
    #[track_caller]
    pub(crate) fn assert_refused(&self, code: &str) {
        assert_eq!(self.status, 403, "{}", self.body);
        assert!(self.body.contains(&format!("<code>{code}</code>")), "{}", self.body);
        assert_eq!(self.header("cache-control"), "no-store");
    }

    /// The teams that a portal page offers to open.
    pub(crate) fn teams(&self) -> Vec<&str> {
        self.body
            .split("action=\"/open/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect()
    }

    /// The key of the form that opens a team.
    #[track_caller]
    pub(crate) fn key(&self, team: &str) -> String {
        let (_, form) = self.body.split_once(&format!("action=\"/open/{team}\"")).unwrap();
        let (_, value) = form.split_once("name=\"key\" value=\"").unwrap();
        value.split('"').next().unwrap().to_owned()
    }
}

/// One person's browser at the door that listens at `base`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Browser {
    base: String,
    /// What a proxy between adds to every request.
    forwarded_for: Option<String>,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl Browser {
    pub(crate) fn at(base: &str) -> Self {
        Self { base: base.to_owned(), ..Self::default() }
    }

    /// The same person with the same cookies, at another address of the door.
    pub(crate) fn moved(self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self }
    }

    /// The same person behind a proxy that writes this `X-Forwarded-For`.
    pub(crate) fn forwarded_for(self, addresses: &str) -> Self {
        Self { forwarded_for: Some(addresses.to_owned()), ..self }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(path, None)
    }

    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(path, Some(fields))
    }

    /// Presses *Open Studio* on the card of a team, with the key of the page that shows it.
    pub(crate) fn open(&self, team: &str, key: &str) -> Answer {
        self.post(&format!("/open/{team}"), &[("key", key)])
    }

    fn send(&self, path: &str, form: Option<&[(&str, &str)]>) -> Answer {
        let url = if path.starts_with("http://") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .into();
        let jar = self.cookies.borrow();
        let cookie = jar.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("; ");
        drop(jar);
        let via =
            self.forwarded_for.iter().map(|addresses| ("X-Forwarded-For", addresses.as_str()));
        let headers = [("Cookie", cookie.as_str())].into_iter().chain(via);
        let answer = match form {
            None => {
                headers.fold(agent.get(&url), |get, (name, value)| get.header(name, value)).call()
            }
            Some(fields) => headers
                .fold(agent.post(&url), |post, (name, value)| post.header(name, value))
                .send_form(fields.iter().copied()),
        };
        let mut answer = answer.unwrap();
        for set in answer.headers().get_all("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let status = answer.status().as_u16();
        Answer { status, headers, body: answer.body_mut().read_to_string().unwrap() }
    }

    /// The value of a cookie; empty if there is none.
    pub(crate) fn cookie(&self, name: &str) -> String {
        self.cookies.borrow().get(name).cloned().unwrap_or_default()
    }
}
