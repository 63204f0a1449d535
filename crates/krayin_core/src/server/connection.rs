use std::{fmt, sync::Arc, time::Duration};

use reqwest::Url;

use super::{Destinations, Dialect, Network, SettingsError, destination::names_loopback};
use crate::{
    digest::{DigestKey, one_way, short},
    problem::Problem,
};

/// A checked address with its token: everything of a request that does not depend on the call.
#[derive(Clone)]
pub struct Connection {
    base: Url,
    token: String,
    more: Vec<String>,
    any_address: bool,
    network: Arc<Network>,
    /// Which paths serve which call.
    pub dialect: Dialect,
    /// The longest that one attempt may take. A Krayin with 100,000 persons takes 700 ms to create one, a million 5 s.
    pub attempt_timeout: Duration,
    /// The longest that one call may take with all its attempts.
    pub deadline: Duration,
    /// The two-letter code of the country that numbers are of which say none.
    pub default_country: Option<String>,
    /// What placeholders are made with.
    pub digest_key: DigestKey,
}

/// An address as it goes over the wire: a name in any script in its letters for name servers, no white space around it.
/// `None` where it is no address.
pub fn plain_address(address: &str) -> Option<String> {
    Url::parse(address.trim()).ok().map(Into::into)
}

impl Connection {
    /// Checks the address and the token: whether they may be used at all, and whether the token may go there.
    pub fn new(
        url: &str,
        token: &str,
        dialect: Option<Dialect>,
        destinations: &Destinations,
    ) -> Result<Self, SettingsError> {
        let mut base = Url::parse(url.trim()).map_err(|_| SettingsError::one(Problem::AddressWrong))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none_or(str::is_empty) {
            return Err(SettingsError::one(Problem::AddressWithoutHost));
        }
        if !base.username().is_empty()
            || base.password().is_some()
            || base.query().is_some()
            || base.fragment().is_some()
        {
            return Err(SettingsError::one(Problem::AddressWithMore));
        }
        let host = base.host_str().unwrap_or_default();
        if base.scheme() == "http" && !destinations.allow_http && !names_loopback(host) {
            return Err(SettingsError::one(Problem::AddressInTheOpen));
        }
        let any_address = destinations.allows(host);
        if !any_address && !destinations.may_name(host, url.trim()) {
            return Err(SettingsError::one(Problem::AddressPrivate));
        }
        let Some((token, more)) = tokens(token) else { return Err(SettingsError::one(Problem::TokenWrong)) };
        let path = base.path().trim_end_matches('/').to_owned();
        let dialect = dialect.unwrap_or_else(|| Dialect::of_path(&path));
        base.set_path(if path.is_empty() { default_path(dialect) } else { &path });
        Ok(Self {
            base,
            token,
            more,
            any_address,
            network: Arc::default(),
            dialect,
            attempt_timeout: Duration::from_secs(30),
            deadline: Duration::from_secs(90),
            default_country: None,
            digest_key: DigestKey::default(),
        })
    }

    /// The same by way of `network`.
    #[must_use]
    pub fn by(self, network: Network) -> Self {
        Self { network: Arc::new(network), ..self }
    }

    /// By what it is reached.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Whether it may be a machine of the installation's own network: what is told of such a one to who gave the address
    /// must not say which of its ports are open.
    pub fn may_be_inside(&self) -> bool {
        self.any_address || names_loopback(self.base.host_str().unwrap_or_default())
    }

    /// The same token at the published package's path of the same host, whatever ending the address was typed with.
    pub fn at_package_path(&self) -> Self {
        let path = self.base.path();
        let prefix = match path.find("/api/") {
            Some(at) => path.get(..at).unwrap_or_default(),
            None => path.strip_suffix("/api").unwrap_or(path),
        };
        let prefix = prefix.trim_end_matches('/');
        let mut base = self.base.clone();
        base.set_path(&format!("{prefix}{}", default_path(Dialect::RestApi)));
        Self { base, dialect: Dialect::RestApi, ..self.clone() }
    }

    /// The address that calls are made under, without a slash at its end.
    pub fn url(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Tells this address from others without naming it. The same server may be reached by several: which server it is,
    /// [`ServerProfile::instance`](super::ServerProfile::instance) says.
    pub fn fingerprint(&self) -> String {
        let port = self.base.port_or_known_default().unwrap_or_default();
        short(&format!("{}:{port}{}", self.base.host_str().unwrap_or_default(), self.base.path()))
    }

    /// Tells this server and token from others, without holding the token: what is shared is keyed by it.
    pub fn identity(&self) -> String {
        format!("{}#{}", self.url(), one_way(&self.token))
    }

    /// As [`identity`](Self::identity), of each further token.
    pub fn further_identities(&self) -> impl Iterator<Item = String> {
        self.more.iter().map(|token| format!("{}#{}", self.url(), one_way(token)))
    }

    /// How many tokens there are beside the first.
    pub(crate) fn further_tokens(&self) -> usize {
        self.more.len()
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// Whether the host may have an address of a private network.
    pub(crate) fn any_address(&self) -> bool {
        self.any_address
    }

    /// Of the token with that number, from 0 on.
    pub(crate) fn authorization(&self, number: usize) -> String {
        let further = number.checked_sub(1).and_then(|further| self.more.get(further));
        format!("Bearer {}", further.unwrap_or(&self.token))
    }

    /// A path beside the API's.
    pub(crate) fn address_of_host(&self, path: &str) -> String {
        let mut url = self.base.clone();
        url.set_path(path);
        url.into()
    }

    pub(crate) fn address(&self, path: &str, query: &[(String, String)]) -> String {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-');
        if query.is_empty() && path.bytes().all(is_plain) {
            return format!("{}/{}", self.url(), path.trim_matches('/'));
        }
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{}", self.base.path().trim_end_matches('/'), path.trim_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url.into()
    }
}

/// One token, or several with white space between them: then each has Krayin's own form, so that what is pasted with
/// something beside it is none.
fn tokens(text: &str) -> Option<(String, Vec<String>)> {
    let mut tokens: Vec<String> = Vec::new();
    for token in text.split_ascii_whitespace() {
        if !tokens.iter().any(|known| known == token) {
            tokens.push(token.to_owned());
        }
    }
    let is_one = |token: &String| token.bytes().all(|byte| byte.is_ascii_graphic());
    let is_krayins = |token: &String| {
        let parts = token.split_once('|');
        parts.is_some_and(|(id, rest)| {
            !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) && !rest.is_empty()
        })
    };
    let fits = tokens.iter().all(|token| is_one(token) && (tokens.len() == 1 || is_krayins(token)));
    if tokens.is_empty() || !fits {
        return None;
    }
    let first = tokens.remove(0);
    Some((first, tokens))
}

fn default_path(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::RestApi => "/api/v1",
        Dialect::Documented => "/api/admin",
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({}, {:?})", self.url(), self.dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::{Connection, Destinations, Dialect};

    #[test]
    fn completes_an_address_and_keeps_one_that_has_a_path() {
        let table = [
            ("https://crm.example.com", "https://crm.example.com/api/v1", Dialect::RestApi),
            ("https://crm.example.com/", "https://crm.example.com/api/v1", Dialect::RestApi),
            (" https://crm.example.com/api/v1/ ", "https://crm.example.com/api/v1", Dialect::RestApi),
            ("https://crm.example.com/api/admin", "https://crm.example.com/api/admin", Dialect::Documented),
            ("https://example.com/crm/api/v1", "https://example.com/crm/api/v1", Dialect::RestApi),
            ("http://127.0.0.1:8000/api/v1", "http://127.0.0.1:8000/api/v1", Dialect::RestApi),
            ("http://[::1]:8000", "http://[::1]:8000/api/v1", Dialect::RestApi),
        ];
        for (typed, url, dialect) in table {
            let connection = Connection::new(typed, "1|abc", None, &Destinations::default()).unwrap();
            assert_eq!((connection.url(), connection.dialect), (url, dialect), "{typed}");
        }
        for typed in ["/crm/api/admin", "/crm/api/v2/", "/crm/api/", "/crm/api", "/crm/"] {
            let typed = format!("https://example.com{typed}");
            let packaged = Connection::new(&typed, "1|abc", None, &Destinations::default()).unwrap().at_package_path();
            let expected = ("https://example.com/crm/api/v1", Dialect::RestApi);
            assert_eq!((packaged.url(), packaged.dialect), expected, "{typed}");
            assert_eq!(packaged.at_package_path().url(), packaged.url(), "{typed}");
        }
    }

    #[test]
    fn refuses_what_could_leak_or_fail_before_anything_is_sent() {
        let table = [
            ("crm.example.com", "1|a", "must be an address"),
            ("ftp://crm.example.com", "1|a", "begin with https"),
            ("file:///etc/passwd", "1|a", "begin with https"),
            ("http://crm.example.com", "1|a", "in the open"),
            ("https://user:secret@crm.example.com", "1|a", "no user, query or fragment"),
            ("https://crm.example.com/?token=secret", "1|a", "no user, query or fragment"),
            ("https://10.0.0.1", "1|a", "private address"),
            ("https://169.254.169.254", "1|a", "private address"),
            ("https://0xA9FEA9FE", "1|a", "private address"),
            ("https://2852039166/", "1|a", "private address"),
            ("https://[::ffff:10.0.0.1]", "1|a", "private address"),
            ("https://[fe80::1]", "1|a", "private address"),
            ("https://0.0.0.0", "1|a", "private address"),
            ("https://crm.example.com", "", "api_token"),
            ("https://crm.example.com", "secret\r\nX-Evil: 1", "api_token"),
            ("https://crm.example.com", "sécret", "api_token"),
            ("https://crm.example.com", "Bearer 1|abc", "api_token"),
            ("https://crm.example.com", "1|abc secret", "api_token"),
            ("https://crm.example.com", "1|abc 2|", "api_token"),
            ("https://crm.example.com", "1|abc 2|sécret", "api_token"),
        ];
        for (url, token, expected) in table {
            let message = Connection::new(url, token, None, &Destinations::default()).unwrap_err().to_string();
            assert!(message.contains(expected), "{url}: {message}");
            assert!(!message.contains("secret") && !message.contains("passwd"), "{message}");
        }
        let open = Destinations { allow_http: true, ..Destinations::default() };
        assert!(Connection::new("http://crm.example.com", "1|a", None, &open).is_ok());
    }

    #[test]
    fn several_tokens_have_lines_or_spaces_between_them() {
        let read =
            |token: &str| Connection::new("https://crm.example.com", token, None, &Destinations::default()).unwrap();
        let three = read(" 1|abc\r\n2|def \t3|ghi 2|def\n");
        assert_eq!(three.further_tokens(), 2);
        let sent: Vec<_> = (0..4).map(|number| three.authorization(number)).collect();
        assert_eq!(sent, ["Bearer 1|abc", "Bearer 2|def", "Bearer 3|ghi", "Bearer 1|abc"]);
        let alone = ["1|abc", "2|def", "3|ghi"].map(|token| read(token).identity());
        assert_eq!([vec![three.identity()], three.further_identities().collect()].concat(), alone);
        assert_eq!(read("any-token").further_tokens(), 0);
    }

    #[test]
    fn a_private_address_needs_the_installations_word() {
        let allowing = |host: &str| Destinations { allowed_hosts: vec![host.to_owned()], ..Destinations::default() };
        let private = "https://10.0.0.5/api/v1";
        assert!(Connection::new(private, "1|a", None, &allowing("10.0.0.5")).unwrap().any_address());
        assert!(Connection::new(private, "1|a", None, &allowing("*")).unwrap().any_address());
        assert!(Connection::new(private, "1|a", None, &allowing("10.0.0.6")).is_err());
        assert!(!Connection::new("https://crm.example.com", "1|a", None, &allowing("krayin")).unwrap().any_address());
    }

    /// This machine in every writing, and the private networks in theirs.
    #[test]
    fn whatever_the_writing_an_inner_address_needs_the_installations_word() {
        let default = Destinations { allow_http: true, ..Destinations::default() };
        let strict = Destinations { no_loopback: true, ..default.clone() };
        let named = |host: &str| Destinations { allowed_hosts: vec![host.to_owned()], ..strict.clone() };
        let may = |host: &str, destinations: &Destinations| {
            Connection::new(&format!("http://{host}:8000/api/v1"), "1|a", None, destinations).is_ok()
        };
        for plain in ["127.0.0.1", "localhost", "LOCALHOST", "127.0.0.2", "[::1]"] {
            assert!(may(plain, &default), "{plain}: who writes the program runs the installation");
            assert!(!may(plain, &strict), "{plain}");
            assert!(may(plain, &named(&plain.to_lowercase())), "{plain}");
        }
        for odd in [
            "127.1",
            "127.0.1",
            "127.0.0.1.",
            "0x7f.1",
            "0x7f.0x0.0x0.0x1",
            "0x7f000001",
            "0X7F000001",
            "0177.0.0.1",
            "017700000001",
            "2130706433",
            "0177.0x0.0.1",
            "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
            "127\u{3002}0\u{3002}0\u{3002}1",
            "\u{24db}ocalhost",
            "%6cocalhost",
            "127.0.0.%31",
            "[0:0:0:0:0:0:0:1]",
            "[::0001]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::127.0.0.1]",
            "[64:ff9b:1::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:0:7f00:1::]",
            "[fe80::1%25lo]",
            "[fe80::1%eth0]",
            "0",
            "0.0.0.0",
            "[::]",
            "10.1",
            "0xa.0.0.1",
            "167772161",
            "192.168.1",
            "172.16.1",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "100.64.0.1",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[fec0::1]",
            "255.255.255.255",
        ] {
            assert!(!may(odd, &default) && !may(odd, &strict), "{odd}");
        }
        for public in ["crm.example.com", "8.8.8.8", "[2606:4700::1111]", "\u{ff38}.example.com"] {
            assert!(may(public, &default) && may(public, &strict), "{public}");
        }
        assert!(may("127.1", &named("127.0.0.1")), "the address was named, in whichever writing");
        // A name is looked at when it is connected to.
        assert!(may("localhost.", &strict) && may("localhost.localdomain", &strict));
    }

    #[test]
    fn its_debug_form_and_fingerprint_hold_no_token() {
        let connection =
            Connection::new("https://crm.example.com", "1|secret", None, &Destinations::default()).unwrap();
        assert_eq!(format!("{connection:?}"), "Connection(https://crm.example.com/api/v1, RestApi)");
        let other =
            Connection::new("https://crm.example.com/api/v1/", "2|other", None, &Destinations::default()).unwrap();
        assert_eq!(connection.fingerprint(), other.fingerprint());
    }

    #[test]
    fn a_name_in_any_script_is_told_in_that_of_name_servers() {
        let table = [
            (" https://m\u{fc}nchen.example/crm ", Some("https://xn--mnchen-3ya.example/crm")),
            ("HTTPS://CRM.Example.com:443", Some("https://crm.example.com/")),
            ("https://\u{4f8b}\u{3048}.jp:8443", Some("https://xn--r8jz45g.jp:8443/")),
            ("crm", None),
            ("https://", None),
        ];
        for (address, expected) in table {
            assert_eq!(super::plain_address(address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn an_odd_path_or_query_stays_inside_its_place() {
        let connection = Connection::new("https://crm.example.com", "1|a", None, &Destinations::default()).unwrap();
        let query = [("search".to_owned(), "emails:a+b@x.y;z&q=1".to_owned())];
        assert_eq!(
            connection.address("/contacts/persons/search", &query),
            "https://crm.example.com/api/v1/contacts/persons/search?search=emails%3Aa%2Bb%40x.y%3Bz%26q%3D1"
        );
        assert_eq!(connection.address("leads?x=1#y", &[]), "https://crm.example.com/api/v1/leads%3Fx=1%23y");
        let query = [("x".to_owned(), "1".to_owned())];
        for path in [
            "leads",
            "/leads/5/",
            "contacts/persons/search",
            "a//b",
            "A_b-c/",
            "",
            "/",
            "a/../b",
            "é",
            "a.b",
            "a%2fb",
            "a\\b",
        ] {
            let parsed = connection.address(path, &query);
            assert_eq!(connection.address(path, &[]), parsed.strip_suffix("?x=1").unwrap(), "{path}");
        }
    }
}
