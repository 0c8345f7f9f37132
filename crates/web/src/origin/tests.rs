//! Who can make us believe what about where a request comes from.

use super::*;
use axum::http::{HeaderName, HeaderValue};

/// The proxies of the tests: one network, one IPv6 network, and one single address.
fn proxies() -> Vec<IpNet> {
    ["10.0.0.0/24", "2001:db8:aaaa::/64", "203.0.113.9/32"]
        .iter()
        .map(|net| net.parse().unwrap())
        .collect()
}

fn source(header: ForwardedHeader) -> OriginSource {
    OriginSource::TrustedProxies { proxies: proxies(), header, hops: None }
}

fn sight(source: &OriginSource, peer: &str, lines: &[(&str, &str)]) -> Sighting {
    let mut extensions = Extensions::new();
    if !peer.is_empty() {
        let peer: IpAddr = peer.parse().unwrap();
        extensions.insert(ConnectInfo(SocketAddr::new(peer, 50_000)));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    source.sight(&extensions, &headers)
}

fn known(address: &str, seen: Seen) -> Sighting {
    Sighting::of(address.parse().unwrap(), seen)
}

const PROXY: &str = "10.0.0.5";

#[test]
fn somebody_in_the_range_of_the_proxies_is_believed_no_further_than_there_are_proxies() {
    let header = ForwardedHeader::XForwardedFor;
    let told = |hops: u8, line: &str| {
        let hops = NonZeroU8::new(hops);
        let source = OriginSource::TrustedProxies { proxies: proxies(), header, hops };
        sight(&source, PROXY, &[("x-forwarded-for", line)])
    };
    let is = |address: &str| known(address, Seen::Forwarded(header));
    // The claim of 10.0.0.77, whom one proxy names.
    let claim = "198.51.100.7, 10.0.0.77";
    assert_eq!(told(1, claim), is("10.0.0.77"));
    assert_eq!(told(0, claim), is("198.51.100.7"));
    assert_eq!(told(1, "198.51.100.7"), is("198.51.100.7"));
    // Two proxies one behind the other.
    assert_eq!(told(2, "192.0.2.1, 10.0.0.77, 203.0.113.9"), is("10.0.0.77"));
    assert_eq!(told(2, "192.0.2.1, 198.51.100.7, 203.0.113.9"), is("198.51.100.7"));
    let none = Sighting::unknown(Seen::NotForwarded(header, NotForwarded::OnlyProxies));
    assert_eq!(told(2, "203.0.113.9"), none);
}

/// What `X-Forwarded-For` of a trusted proxy tells; an error's name where it tells nothing.
#[track_caller]
fn x_forwarded_for(lines: &[&str], expected: Result<&str, NotForwarded>) {
    let header = ForwardedHeader::XForwardedFor;
    let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
    let expected = match expected {
        Ok(address) => known(address, Seen::Forwarded(header)),
        Err(why) => Sighting::unread(PROXY.parse().unwrap(), header, why),
    };
    assert_eq!(sight(&source(header), PROXY, &lines), expected, "{lines:?}");
}

#[track_caller]
fn forwarded(lines: &[&str], expected: Result<&str, NotForwarded>) {
    let header = ForwardedHeader::Forwarded;
    let lines: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
    let expected = match expected {
        Ok(address) => known(address, Seen::Forwarded(header)),
        Err(why) => Sighting::unread(PROXY.parse().unwrap(), header, why),
    };
    assert_eq!(sight(&source(header), PROXY, &lines), expected, "{lines:?}");
}

#[test]
fn by_default_the_socket_alone_counts() {
    let claims = [
        ("x-forwarded-for", "10.100.10.7"),
        ("forwarded", "for=10.100.10.7"),
        ("x-real-ip", "10.100.10.7"),
        ("x-amzn-request-context", r#"{"http":{"sourceIp":"10.100.10.7"}}"#),
    ];
    for (peer, seen) in [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("127.0.0.1", "127.0.0.1"),
    ] {
        assert_eq!(sight(&OriginSource::Socket, peer, &claims), known(seen, Seen::Connection));
    }
}

#[test]
fn a_header_of_somebody_who_is_not_named_is_noticed_and_that_of_a_trusted_proxy_is_heeded() {
    let unheeded = |source: &OriginSource, peer: &str, name: &'static str| {
        let headers = HeaderMap::from_iter([(
            HeaderName::from_static(name),
            HeaderValue::from_static("10.100.10.7"),
        )]);
        sight(source, peer, &[(name, "10.100.10.7")]).unheeded(&headers)
    };
    let x = Some(ForwardedHeader::XForwardedFor);
    let trusted = source(ForwardedHeader::XForwardedFor);
    assert_eq!(unheeded(&OriginSource::Socket, PROXY, "x-forwarded-for"), x);
    let forwarded = unheeded(&OriginSource::Socket, PROXY, "forwarded");
    assert_eq!(forwarded, Some(ForwardedHeader::Forwarded));
    assert_eq!(unheeded(&OriginSource::Socket, PROXY, "x-real-ip"), None);
    assert_eq!(unheeded(&trusted, "192.0.2.7", "x-forwarded-for"), x);
    assert_eq!(unheeded(&trusted, PROXY, "x-forwarded-for"), None);
    assert_eq!(unheeded(&trusted, PROXY, "forwarded"), None);
}

#[test]
fn without_a_socket_the_origin_is_unknown_whatever_is_claimed() {
    let claims = [("x-forwarded-for", "10.100.10.7"), ("forwarded", "for=10.100.10.7")];
    for source in [
        OriginSource::Socket,
        source(ForwardedHeader::XForwardedFor),
        source(ForwardedHeader::Forwarded),
        OriginSource::ApiGateway { proxies: proxies() },
    ] {
        assert_eq!(sight(&source, "", &claims), Sighting::unknown(Seen::Nowhere));
    }
}

#[test]
fn the_header_of_a_peer_that_is_no_trusted_proxy_is_ignored() {
    for peer in ["192.0.2.7", "10.0.1.5", "127.0.0.1", "2001:db8:aaab::1"] {
        let source = source(ForwardedHeader::XForwardedFor);
        for claim in ["10.100.10.7", "unknown", ""] {
            let sighting = sight(&source, peer, &[("x-forwarded-for", claim)]);
            assert_eq!(sighting, known(peer, Seen::Connection));
        }
    }
}

#[test]
fn a_mapped_peer_is_the_trusted_proxy_it_maps() {
    let header = ForwardedHeader::XForwardedFor;
    let sighting =
        sight(&source(header), "::ffff:10.0.0.5", &[("x-forwarded-for", "198.51.100.4")]);
    assert_eq!(sighting, known("198.51.100.4", Seen::Forwarded(header)));
}

#[test]
fn the_client_is_the_right_most_address_that_is_no_proxy() {
    x_forwarded_for(&["198.51.100.4"], Ok("198.51.100.4"));
    // Client, then two proxies before the one that connected.
    x_forwarded_for(&["198.51.100.4, 203.0.113.9, 10.0.0.6"], Ok("198.51.100.4"));
    x_forwarded_for(&["2001:db8::1,2001:db8:aaaa::2"], Ok("2001:db8::1"));
    // Outside the /64 of the proxies by one bit.
    x_forwarded_for(&["2001:db8::1,2001:db8:aaaa:1::2"], Ok("2001:db8:aaaa:1::2"));
}

#[test]
fn what_the_client_itself_sent_is_left_of_it_and_not_looked_at() {
    for sent in
        ["10.100.10.7", "10.100.10.7, 10.100.10.8", "unknown", "_hidden", "", ",,", "\"", "%"]
    {
        x_forwarded_for(&[&format!("{sent}, 198.51.100.4")], Ok("198.51.100.4"));
        x_forwarded_for(&[&format!("{sent}, 198.51.100.4, 203.0.113.9")], Ok("198.51.100.4"));
        // A proxy that adds a line of its own instead.
        x_forwarded_for(&[sent, "198.51.100.4"], Ok("198.51.100.4"));
    }
    // The client claims to be a proxy too: it still stands right of its claim.
    x_forwarded_for(&["10.100.10.7, 10.0.0.6, 198.51.100.4"], Ok("198.51.100.4"));
}

#[test]
fn lines_are_one_list_in_their_order() {
    x_forwarded_for(&["198.51.100.4", "203.0.113.9", "10.0.0.6"], Ok("198.51.100.4"));
    x_forwarded_for(&["10.0.0.6", "198.51.100.4"], Ok("198.51.100.4"));
    x_forwarded_for(&["10.100.10.7, 198.51.100.4", "203.0.113.9"], Ok("198.51.100.4"));
}

#[test]
fn what_cannot_be_read_right_of_the_client_leaves_it_unknown() {
    for bad in [
        "",
        " ",
        "unknown",
        "_hidden",
        "localhost",
        "10.0.0.6.",
        "10.0.0",
        "010.0.0.6",
        "10.0.0.6/32",
        "10.0.0.6:",
        "10.0.0.6:http",
        "10.0.0.6:+80",
        "10.0.0.6:65536",
        "10.0.0.6 10.0.0.6",
        "for=10.0.0.6",
        "\"10.0.0.6\"",
        "[10.0.0.6]",
        "[2001:db8:aaaa::2",
        "2001:db8:aaaa::2]",
        "[2001:db8:aaaa::2]80",
        "[2001:db8:aaaa::2]:_port",
        "fe80::1%eth0",
        "[fe80::1%25eth0]:80",
        "٣.0.0.1",
    ] {
        x_forwarded_for(&[&format!("198.51.100.4, {bad}")], Err(NotForwarded::Malformed));
        x_forwarded_for(&[&format!("198.51.100.4, {bad}, 10.0.0.6")], Err(NotForwarded::Malformed));
    }
    x_forwarded_for(&["198.51.100.4,"], Err(NotForwarded::Malformed));
    x_forwarded_for(&["198.51.100.4", ""], Err(NotForwarded::Malformed));
}

#[test]
fn addresses_come_with_ports_brackets_and_mapped() {
    for (written, address) in [
        ("198.51.100.4:4711", "198.51.100.4"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::ffff:198.51.100.4", "198.51.100.4"),
        ("[::ffff:c633:6404]:80", "198.51.100.4"),
        ("\t198.51.100.4 ", "198.51.100.4"),
    ] {
        x_forwarded_for(&[written], Ok(address));
        x_forwarded_for(&[&format!("{written},::ffff:10.0.0.6")], Ok(address));
    }
    // A proxy's own address in any of these ways is still a proxy's.
    x_forwarded_for(
        &["198.51.100.4, 10.0.0.6:80, [::ffff:10.0.0.7]:80, [2001:db8:aaaa::2]:1"],
        Ok("198.51.100.4"),
    );
}

#[test]
fn a_proxy_that_names_nobody_leaves_the_client_unknown() {
    x_forwarded_for(&[], Err(NotForwarded::Absent));
    x_forwarded_for(&["10.0.0.6"], Err(NotForwarded::OnlyProxies));
    x_forwarded_for(&["10.0.0.6, 203.0.113.9"], Err(NotForwarded::OnlyProxies));
}

#[test]
fn a_header_longer_than_a_chain_of_proxies_is_not_read() {
    let entries = |n: usize| vec!["10.0.0.6"; n].join(",");
    x_forwarded_for(&[&format!("198.51.100.4,{}", entries(63))], Ok("198.51.100.4"));
    x_forwarded_for(&[&format!("198.51.100.4,{}", entries(64))], Err(NotForwarded::TooLong));
    x_forwarded_for(&[&format!("198.51.100.4,{}", entries(1_000))], Err(NotForwarded::TooLong));
    // What a client padded is not read: its address stands right of it.
    x_forwarded_for(&[&format!("{},198.51.100.4", entries(1_000))], Ok("198.51.100.4"));
    x_forwarded_for(&[&" ".repeat(4_096), "198.51.100.4"], Ok("198.51.100.4"));
    x_forwarded_for(
        &[&format!("{},198.51.100.4,10.0.0.6", "\u{fc}".repeat(4_096))],
        Ok("198.51.100.4"),
    );
    // A list that is read from the left only is padded in vain all the same.
    forwarded(
        &[&format!("{},for=198.51.100.4", vec!["for=10.0.0.6"; 1_000].join(","))],
        Err(NotForwarded::TooLong),
    );
    x_forwarded_for(&["198.51.100.4", &" ".repeat(4_096)], Err(NotForwarded::TooLong));
    let lines = vec!["10.0.0.6"; 1_000];
    x_forwarded_for(&lines, Err(NotForwarded::TooLong));
    forwarded(&[&vec!["for=10.0.0.6"; 300].join(",")], Err(NotForwarded::TooLong));
}

#[test]
fn what_a_proxy_says_and_nobody_can_read_counts_as_its_own() {
    let proxy = PROXY.parse().unwrap();
    let counted =
        |why| Sighting::unread(proxy, ForwardedHeader::Forwarded, why).origin.counted_as();
    assert_eq!(counted(NotForwarded::TooLong), Some(proxy));
    assert_eq!(counted(NotForwarded::Malformed), Some(proxy));
    // That it says nothing is nobody's doing but its own.
    assert_eq!(counted(NotForwarded::Absent), None);
    assert_eq!(counted(NotForwarded::OnlyProxies), None);
}

#[test]
fn only_the_header_that_was_chosen_is_read() {
    let both = [("x-forwarded-for", "198.51.100.4"), ("forwarded", "for=198.51.100.5")];
    for (header, address) in [
        (ForwardedHeader::XForwardedFor, "198.51.100.4"),
        (ForwardedHeader::Forwarded, "198.51.100.5"),
    ] {
        let sighting = sight(&source(header), PROXY, &both);
        assert_eq!(sighting, known(address, Seen::Forwarded(header)));
    }
    let header = ForwardedHeader::Forwarded;
    assert_eq!(
        sight(&source(header), PROXY, &[("x-forwarded-for", "198.51.100.4")]),
        Sighting::unknown(Seen::NotForwarded(header, NotForwarded::Absent))
    );
}

#[test]
fn forwarded_is_read_as_rfc_7239_writes_it() {
    for line in [
        "for=198.51.100.4",
        "For=198.51.100.4;proto=https;by=203.0.113.43",
        "by=203.0.113.43 ; for=\"198.51.100.4:4711\"; host=\"a,b;c\\\"d\"",
        "for=\"198.51.100.4\", for=10.0.0.6;by=10.0.0.5",
        "for=10.100.10.7, for=198.51.100.4",
        "for=unknown, for=_hidden, for=198.51.100.4",
        "secret=x;for=198.51.100.4;;",
        "for=\"\\1\\98.51.100.4\"",
        "for=198.51.100.4, for=\"[2001:db8:aaaa::2]:80\"",
    ] {
        forwarded(&[line], Ok("198.51.100.4"));
    }
    forwarded(&["for=\"[2001:db8::1]:4711\""], Ok("2001:db8::1"));
    forwarded(&["for=10.100.10.7", "for=198.51.100.4", "for=10.0.0.6"], Ok("198.51.100.4"));
}

#[test]
fn forwarded_that_does_not_follow_the_grammar_leaves_the_client_unknown() {
    for line in [
        "",
        ",",
        "for=198.51.100.4,",
        "for=198.51.100.4, proto=https",
        "for=198.51.100.4, for=unknown",
        "for=198.51.100.4, for=_hidden",
        "for=198.51.100.4, for=\"_hidden:80\"",
        "for=198.51.100.4, for=",
        "for=198.51.100.4, for",
        "for=198.51.100.4;for=198.51.100.4",
        "for=198.51.100.4;For=10.0.0.6",
        "for =198.51.100.4",
        "for= 198.51.100.4",
        "for=[2001:db8::1]",
        "for=198.51.100.4:80",
        "for=\"198.51.100.4",
        "for=\"198.51.100.4\\",
        "for=\"198.51.100.4\"x",
        "198.51.100.4",
        "for=198.51.100.4 for=198.51.100.4",
    ] {
        forwarded(&[line], Err(NotForwarded::Malformed));
    }
}

#[test]
fn a_quote_that_a_client_leaves_open_swallows_nothing() {
    // The proxy adds to the line: the line as a whole is then no list.
    forwarded(&["for=10.100.10.7;x=\", for=198.51.100.4"], Err(NotForwarded::Malformed));
    forwarded(&["for=10.100.10.7;x=\", for=\"198.51.100.4\""], Err(NotForwarded::Malformed));
    forwarded(
        &["for=10.100.10.7;x=\", for=198.51.100.4, for=\"[2001:db8:aaaa::2]\""],
        Err(NotForwarded::Malformed),
    );
    // It adds a line: the client's own is never looked at.
    forwarded(&["for=10.100.10.7;x=\"", "for=198.51.100.4"], Ok("198.51.100.4"));
}

#[test]
fn api_gateway_is_believed_from_loopback_and_trusted_proxies_only() {
    let source = OriginSource::ApiGateway { proxies: proxies() };
    let context = r#"{"http":{"sourceIp":"198.51.100.4"}}"#;
    let claims = [("x-amzn-request-context", context), ("x-forwarded-for", "10.100.10.7")];
    for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1", PROXY] {
        let sighting = sight(&source, peer, &claims);
        assert_eq!(sighting, known("198.51.100.4", Seen::RequestContext), "{peer}");
    }
    assert_eq!(sight(&source, "192.0.2.7", &claims), known("192.0.2.7", Seen::Connection));
}

#[test]
fn without_one_readable_context_the_origin_is_unknown() {
    let source = OriginSource::ApiGateway { proxies: vec![] };
    let good = ("x-amzn-request-context", r#"{"http":{"sourceIp":"198.51.100.4"}}"#);
    let at = |lines: &[(&str, &str)]| sight(&source, "127.0.0.1", lines);
    assert_eq!(
        at(&[("x-forwarded-for", "10.100.10.7")]),
        Sighting::unknown(Seen::NoRequestContext)
    );
    let unreadable = Sighting::unknown(Seen::BadRequestContext(RequestContextError::NotJson));
    assert_eq!(at(&[good, good]), unreadable);
    assert_eq!(at(&[("x-amzn-request-context", "\u{e4}")]), unreadable);
    assert_eq!(at(&[("x-amzn-request-context", "null")]), unreadable);
}

#[test]
fn the_context_of_a_private_api_names_address_and_endpoint() {
    let context = r#"{"resourcePath":"/{proxy+}","httpMethod":"POST","stage":"prod",
        "identity":{"cognitoIdentityPoolId":null,"vpcId":"vpc-0a1b","vpceId":"vpce-0a1b2c3d4e5f67890",
        "sourceIp":"10.100.10.7","userAgent":"\u00e4","user":null}}"#;
    let origin = origin_of_request_context(context).unwrap();
    assert_eq!(origin.address, Some("10.100.10.7".parse().unwrap()));
    assert_eq!(origin.vpce.as_deref(), Some("vpce-0a1b2c3d4e5f67890"));
    assert_eq!(origin.vpc.as_deref(), Some("vpc-0a1b"));
}

#[test]
fn the_context_of_a_public_api_names_the_address_alone() {
    for (context, address) in [
        (r#"{"identity":{"sourceIp":"198.51.100.4"}}"#, "198.51.100.4"),
        (r#"{"identity":{"sourceIp":"2001:db8::1","vpceId":null}}"#, "2001:db8::1"),
        (r#"{"http":{"method":"GET","sourceIp":"::ffff:198.51.100.4"}}"#, "198.51.100.4"),
    ] {
        let origin = Origin { address: Some(address.parse().unwrap()), ..Origin::default() };
        assert_eq!(origin_of_request_context(context), Ok(origin), "{context}");
    }
}

#[test]
fn a_context_that_tells_no_origin_is_refused() {
    use RequestContextError::{NotJson, NotOfAnApi, SourceIp, TooLong, VpcId, VpceId};
    for (context, error) in [
        ("", NotJson),
        ("null", NotJson),
        ("[]", NotJson),
        (r#"{"http":{"sourceIp":"198.51.100.4"}} {}"#, NotJson),
        (r#"{"http":{"sourceIp":"198.51.100.4","sourceIp":"10.100.10.7"}}"#, NotJson),
        (r#"{"http":{"sourceIp":"1.1.1.1"},"http":{"sourceIp":"2.2.2.2"}}"#, NotJson),
        (r#"{"http":{"sourceIp":7}}"#, NotJson),
        ("{}", NotOfAnApi),
        (r#"{"elb":{"targetGroupArn":"arn"}}"#, NotOfAnApi),
        (r#"{"identity":{"sourceIp":"1.1.1.1"},"http":{"sourceIp":"2.2.2.2"}}"#, NotOfAnApi),
        (r#"{"identity":{}}"#, SourceIp),
        (r#"{"http":{"vpceId":"vpce-0abc"}}"#, SourceIp),
        (r#"{"identity":{"sourceIp":"test-invoke-source-ip"}}"#, SourceIp),
        (r#"{"identity":{"sourceIp":"198.51.100.4, 10.100.10.7"}}"#, SourceIp),
        (r#"{"identity":{"sourceIp":"198.51.100.4","vpceId":""}}"#, VpceId),
        (r#"{"identity":{"sourceIp":"198.51.100.4","vpceId":"vpce-"}}"#, VpceId),
        (r#"{"identity":{"sourceIp":"198.51.100.4","vpceId":"vpc-0abc"}}"#, VpceId),
        (r#"{"identity":{"sourceIp":"198.51.100.4","vpceId":"vpce-0ABC"}}"#, VpceId),
        (r#"{"identity":{"sourceIp":"198.51.100.4","vpcId":"vpce-0abc"}}"#, VpcId),
    ] {
        assert_eq!(origin_of_request_context(context), Err(error), "{context}");
    }
    let padded = format!(r#"{{"http":{{"sourceIp":"198.51.100.4"}}}}{}"#, " ".repeat(32 * 1024));
    assert_eq!(origin_of_request_context(&padded), Err(TooLong));
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(origin_of_request_context(&deep), Err(NotJson));
}

/// What is seen of an invocation whose client sends every header that somebody might believe.
fn invoked(invoker: Option<Invoker>) -> Sighting {
    let mut extensions = Extensions::new();
    extensions.insert(ConnectInfo(SocketAddr::new("127.0.0.1".parse().unwrap(), 50_000)));
    if let Some(invoker) = invoker {
        extensions.insert(invoker);
    }
    let mut headers = HeaderMap::new();
    let context = r#"{"identity":{"sourceIp":"10.9.9.9","vpceId":"vpce-0bad"}}"#;
    for (name, value) in [
        (REQUEST_CONTEXT, context),
        ("forwarded", "for=10.9.9.9"),
        ("x-forwarded-for", "10.9.9.9, 192.0.2.7"),
        ("x-amzn-vpce-id", "vpce-0bad"),
    ] {
        headers.append(name, HeaderValue::from_static(value));
    }
    OriginSource::Invocation.sight(&extensions, &headers)
}

#[test]
fn of_an_invocation_the_gateway_alone_tells_the_origin() {
    let api = |context: &str| invoked(Some(Invoker::Api(context.to_owned())));
    let private =
        api(r#"{"identity":{"sourceIp":"10.0.1.4","vpceId":"vpce-0a1b","vpcId":"vpc-0c2d"}}"#);
    let origin = Origin {
        address: Some("10.0.1.4".parse().unwrap()),
        vpce: Some("vpce-0a1b".to_owned()),
        vpc: Some("vpc-0c2d".to_owned()),
        ..Origin::default()
    };
    assert_eq!(private, Sighting { origin, seen: Seen::RequestContext });
    assert_eq!(
        api(r#"{"http":{"sourceIp":"198.51.100.4"}}"#),
        known("198.51.100.4", Seen::RequestContext)
    );
    assert_eq!(
        api(r#"{"identity":{"vpceId":"vpce-0a1b"}}"#),
        Sighting::unknown(Seen::BadRequestContext(RequestContextError::SourceIp))
    );
    assert_eq!(invoked(None), Sighting::unknown(Seen::NoRequestContext));
}

#[test]
fn of_a_load_balancer_only_what_it_added_itself_counts() {
    assert_eq!(
        invoked(Some(Invoker::LoadBalancer { appends: true })),
        known("192.0.2.7", Seen::Forwarded(ForwardedHeader::XForwardedFor))
    );
    assert_eq!(
        invoked(Some(Invoker::LoadBalancer { appends: false })),
        Sighting::unknown(Seen::Nowhere)
    );
}
