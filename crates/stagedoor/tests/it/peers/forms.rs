//! Forms of a page, as a browser without JavaScript sees them.

use html5gum::{StartTag, Token, Tokenizer};
use url::Url;

/// A form, with what it sends if nobody changes anything.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) action: Url,
    fields: Vec<(String, String)>,
}

impl Form {
    /// What is in a field.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(field, _)| field == name)?;
        Some(&field.1)
    }

    /// Writes into a field that is there.
    #[track_caller]
    pub(crate) fn fill(&mut self, name: &str, value: &str) {
        let field = self.fields.iter_mut().find(|(field, _)| field == name);
        value.clone_into(&mut field.unwrap_or_else(|| panic!("there is no field {name}")).1);
    }

    pub(crate) fn fields(&self) -> Vec<(&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// The forms of a page that stands at this address. Buttons send nothing.
pub(crate) fn forms(page: &Url, html: &str) -> Vec<Form> {
    let mut forms = Vec::<Form>::new();
    let tags = Tokenizer::new(html).filter_map(|token| match token {
        Ok(Token::StartTag(tag)) => Some(tag),
        _ => None,
    });
    for tag in tags {
        match tag.name.as_slice() {
            b"form" => {
                let action = page.join(&attribute(&tag, "action").unwrap_or_default()).unwrap();
                forms.push(Form { action, fields: Vec::new() });
            }
            b"input" if attribute(&tag, "type").as_deref() != Some("submit") => {
                let value = attribute(&tag, "value").unwrap_or_default();
                if let (Some(form), Some(name)) = (forms.last_mut(), attribute(&tag, "name")) {
                    form.fields.push((name, value));
                }
            }
            _ => {}
        }
    }
    forms
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8(value.to_vec()).unwrap())
}
