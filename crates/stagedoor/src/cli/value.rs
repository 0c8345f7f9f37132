//! Parsers of what flags of several commands take.

/// A parser of clap out of one of ours.
pub(super) fn parse<T, E: ToString>(
    parser: fn(String) -> Result<T, E>,
) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| parser(text.to_owned()).map_err(|error| error.to_string())
}

/// Parses what a variable says of a flag. An empty one is one that is not set, as templates leave it.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
        "false" | "f" | "no" | "n" | "off" | "0" | "" => Ok(false),
        _ => Err("write it as true or false".to_owned()),
    }
}
