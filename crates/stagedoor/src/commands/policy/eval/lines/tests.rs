//! Tests of answering line by line.

use super::*;

fn answered(input: &[u8]) -> (String, Tally) {
    let mut output = Vec::new();
    let tally = answer(BufReader::with_capacity(64, input), &mut output).unwrap();
    (String::from_utf8(output).unwrap(), tally)
}

/// A line about a user who gets this object from a bucket.
fn line(id: &str, key: &str) -> String {
    format!(
        r#"{{"id":{id},"request":{{"principal":"arn:aws:iam::111122223333:user/ana","action":"s3:GetObject","resource":"arn:aws:s3:::b/{key}"}},"policies":{{"identity":{{"Statement":[{{"Sid":"Mine","Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/mine*"}},{{"Effect":"Deny","Action":"s3:*","Resource":"*/secret"}}]}}}}}}"#
    )
}

#[test]
fn each_line_is_answered_with_a_line_and_wrong_ones_stop_nothing() {
    let input = [
        line("1", "mine"),
        String::new(),
        r#"{"id":"bad","request":{}}"#.to_owned(),
        line(r#""x""#, "mine/secret"),
        "nonsense".to_owned(),
        line("null", "yours"),
    ]
    .join("\n");
    let (output, tally) = answered(input.as_bytes());
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(
        lines,
        [
            r#"{"id":1,"decision":"Allowed","because":[{"layer":"identity","finding":"statement","document":0,"statement":0,"sid":"Mine","effect":"Allow"}]}"#,
            r#"{"id":"bad","error":{"code":"input-invalid","message":"/request: missing field `principal` at line 1 column 2"}}"#,
            r#"{"id":"x","decision":"ExplicitlyDenied","because":[{"layer":"identity","finding":"statement","document":0,"statement":1,"effect":"Deny"}]}"#,
            r#"{"id":null,"error":{"code":"input-invalid","message":"expected ident at line 1 column 2"}}"#,
            r#"{"id":null,"decision":"ImplicitlyDenied","because":[{"layer":"identity","finding":"noAllow","nearest":[{"document":0,"statement":0,"sid":"Mine","failed":["resource"]}]}]}"#,
        ]
    );
    assert_eq!(tally, Tally { allowed: 1, denied: 2, failed: 2 });
}

#[test]
fn a_line_that_is_too_long_is_skipped_and_the_next_one_is_answered() {
    let long = "x".repeat(MAX_BYTES + 1);
    for ending in ["\n", "\r\n"] {
        let (output, tally) = answered(format!("{long}{ending}{}", line("7", "mine")).as_bytes());
        let lines: Vec<&str> = output.lines().collect();
        assert_eq!(
            lines[0],
            format!(
                r#"{{"id":null,"error":{{"code":"input-invalid","message":"the line has more than {MAX_BYTES} bytes"}}}}"#
            )
        );
        assert!(lines[1].starts_with(r#"{"id":7,"decision":"Allowed""#), "{}", lines[1]);
        assert_eq!(tally, Tally { allowed: 1, denied: 0, failed: 1 });
    }
    // A line of just that length is read, with and without an end.
    let fitting = format!("{}{}", line("7", "mine"), " ".repeat(MAX_BYTES));
    let fitting = fitting.get(..MAX_BYTES).unwrap();
    assert_eq!(answered(fitting.as_bytes()).1.allowed, 1);
    assert_eq!(answered(format!("{fitting}\n").as_bytes()).1.allowed, 1);
    assert_eq!(answered(long.as_bytes()).1.failed, 1);
}

#[test]
fn bytes_that_are_no_text_are_an_error_of_their_line() {
    let mut input = vec![b'"', 0xff, b'"', b'\n'];
    input.extend(line("7", "mine").bytes());
    let (output, tally) = answered(&input);
    assert!(output.starts_with(r#"{"id":null,"error":{"code":"input-invalid""#), "{output}");
    assert_eq!(tally, Tally { allowed: 1, denied: 0, failed: 1 });
}

#[test]
fn nothing_is_asked_of_an_empty_input() {
    assert_eq!(answered(b""), (String::new(), Tally::default()));
    assert_eq!(answered(b"\n \n"), (String::new(), Tally::default()));
}

/// A reader that went away.
#[derive(Debug)]
struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_went_away_ends_it_quietly() {
    let input = [line("1", "mine"), line("2", "mine")].join("\n");
    let tally = answer(BufReader::new(input.as_bytes()), Gone).unwrap();
    assert_eq!(tally, Tally { allowed: 1, denied: 0, failed: 0 });
}
