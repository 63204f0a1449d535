use std::net::{IpAddr, SocketAddr};

use icu_normalizer::DecomposingNormalizerBorrowed;

/// Words that name what is no one's to see, in the singular.
#[rustfmt::skip]
const PRIVATE: [&str; 95] = [
    "2fa", "passaporte", "pasaporte", "reisepass", "passwort", "kennwort", "contrasenia", "csrf", "xsrf",
    "phpsessid", "jsessionid", "mfa", "aadhaar", "nino", "bsn", "token", "secret", "password", "passwd",
    "passphrase", "passcode", "pwd", "pin", "pincode", "otp", "totp", "auth", "oauth", "oauth2", "jwt",
    "credential", "ssn", "iban", "cvv", "cvv2", "cvc", "passport", "apikey", "privatekey", "secretkey", "accesskey",
    "cardnumber", "ipv4", "ipv6", "ipaddress", "senha", "contrasena", "segredo", "cpf", "curp", "dni", "bearer",
    "mdp", "motdepasse", "wachtwoord", "losenord", "adgangskode", "passord", "haslo", "heslo", "jelszo",
    "sifre", "sifra", "lozinka", "salasana", "katasandi", "парола", "пароль", "パスワード", "密码", "密碼", "비밀번호", "סיסמה",
    "סיסמא", "รหัสผ่าน", "पासवर्ड", "puk", "cardno", "ccnum", "nie", "nif", "aadhar", "geheim", "mnemonic",
    "keystore", "pesel", "personnummer", "fodselsnummer", "jmbg", "cnp", "hkid", "nric", "mykad", "ahv", "svnr",
];

/// Words of one secret in two: the first before the second.
const PAIRS: [(&[&str], &[&str]); 32] = [
    (&["clave", "chave"], &["acceso", "acesso", "secreta", "privada", "api"]),
    (&["mot"], &["passe"]),
    (&["pass"], &["word", "code", "phrase"]),
    (&["كلمة"], &["المرور", "السر"]),
    (&["mat"], &["khau"]),
    (&["kata"], &["sandi"]),
    (&["ip"], &["addr", "address", "number", "list", "range", "history", "v4", "v6"]),
    (&["mac"], &["addr", "address"]),
    (&["forwarded"], &["for"]),
    (&["hmac", "request", "webhook"], &["signature"]),
    (&["seed", "recovery", "wallet"], &["phrase", "word"]),
    (&["pix"], &["key", "chave"]),
    (&["chave"], &["pix"]),
    (&["primary"], &["account"]),
    (&["pan"], &["card", "number", "no", "nr"]),
    (&["sin"], &["number", "no"]),
    (&["steuer"], &["id"]),
    (&["codice"], &["fiscale"]),
    (&["seguridad", "seguro", "seguranca", "securite"], &["social", "sociale"]),
    (&["identity", "id", "emirates"], &["card", "id"]),
    (&["driver", "driving"], &["license", "licence"]),
    (&["numero"], &["carte", "passeport", "securite"]),
    (&["national", "identity"], &["id", "number", "no"]),
    (&["remote"], &["addr", "address", "host"]),
    (
        &[
            "private",
            "access",
            "api",
            "secret",
            "encryption",
            "ssh",
            "signing",
            "master",
            "security",
            "shared",
            "auth",
            "webhook",
            "aws",
            "stripe",
            "app",
            "client",
            "pgp",
            "gpg",
            "hmac",
            "wallet",
        ],
        &["key"],
    ),
    (
        &["card", "cc", "credit", "debit", "cartao", "tarjeta"],
        &["number", "no", "num", "nr", "code", "pan", "card", "numero", "expiry", "credito", "debito"],
    ),
    (&["numero"], &["cartao", "tarjeta", "conta", "cuenta"]),
    (&["bank", "giro"], &["account", "number", "code"]),
    (&["routing", "sort"], &["number", "code", "no", "nr"]),
    (&["social", "national"], &["security", "insurance"]),
    (&["security", "recovery", "backup", "verification", "access", "confirmation"], &["code", "answer"]),
    (&["session", "cookie"], &["id", "key", "value", "data", "hash", "string", "header"]),
];

/// Words that are private alone, or after what says whose they are: `session`, `login_session`, not `training_session`.
const ALONE: [&str; 7] = ["session", "cookie", "authorization", "clave", "parola", "pan", "salt"];
const WHOSE: [&str; 12] =
    ["user", "login", "web", "browser", "http", "tracking", "last", "current", "set", "app", "proxy", "session"];

/// How words end that were written together, and what is in none that means something else.
const ENDS: [&str; 7] = ["password", "passwd", "token", "apikey", "secret", "credentials", "privatekey"];
const WITHIN: [&str; 17] = [
    "ausweis",
    "kartennummer",
    "kontonummer",
    "bankverbindung",
    "sozialversicherung",
    "kreditkarte",
    "passwort",
    "kennwort",
    "password",
    "passwd",
    "apikey",
    "accesstoken",
    "authtoken",
    "secretkey",
    "privatekey",
    "sessionid",
    "creditcard",
];

/// Words that name a version, which may look like an address.
const VERSIONS: [&str; 8] = ["version", "ver", "release", "build", "firmware", "revision", "software", "update"];

/// Whether the key of an attribute names a secret, a number of someone's papers or money, or an address of a device.
pub(super) fn is_private_key(key: &str) -> bool {
    let words = words(key);
    let has = |list: &[&str], word: &str| {
        // `pin2` is a second `pin`.
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        [word, bare]
            .iter()
            .any(|word| list.contains(word) || word.strip_suffix('s').is_some_and(|one| list.contains(&one)))
    };
    let pair = |first: &str, second: &str| PAIRS.iter().any(|(before, after)| has(before, first) && has(after, second));
    let alone = match words.as_slice() {
        [word] => has(&ALONE, word),
        [.., whose, word] => ALONE.contains(&word.as_str()) && WHOSE.contains(&whose.as_str()),
        [] => false,
    };
    // `ip_phone` is none.
    let is_ip = words.last().is_some_and(|word| matches!(word.as_str(), "ip" | "ips"));
    alone
        || is_ip
        || words.iter().any(|word| {
            has(&PRIVATE, word)
                || ENDS
                    .iter()
                    .any(|end| word.ends_with(end) || word.strip_suffix('s').is_some_and(|one| one.ends_with(end)))
                || (WITHIN.iter().any(|part| word.contains(part)) && !word.ends_with("less"))
        })
        || words.iter().zip(words.iter().skip(1)).any(|(first, second)| pair(first, second))
}

/// Words that stand between those of a name.
const LITTLE: [&str; 8] = ["of", "the", "do", "da", "de", "del", "la", "el"];

/// The words of a key, in small letters without accents: `lastLoginIP`, `last-login ip` and `last_login_ip` are the same.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let letters: Vec<char> = key.chars().collect();
    for (at, c) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before)).copied();
        let after = letters.get(at + 1).copied();
        let begins = c.is_uppercase()
            && (before.is_some_and(|before| before.is_lowercase() || before.is_numeric())
                || (before.is_some_and(char::is_uppercase) && after.is_some_and(char::is_lowercase)));
        if begins || is_between(*c) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| !is_between(*c) && !is_accent(*c)) {
            word.extend(c.to_lowercase().map(without_accent));
        }
    }
    words.retain(|word| !word.is_empty() && !LITTLE.contains(&word.as_str()));
    words
}

/// Vowels and tones of many scripts are no letters to Unicode, and part of a word all the same.
fn is_between(c: char) -> bool {
    !c.is_alphanumeric()
        && (c.is_ascii()
            || c.is_whitespace()
            || matches!(c, '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' | '・' | '·' | '：'))
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// A Latin letter without its accent, any other as it is.
fn without_accent(c: char) -> char {
    match c {
        'ł' => 'l',
        'ø' => 'o',
        'đ' => 'd',
        'ı' => 'i',
        c if c.is_ascii() => c,
        c => {
            let parts = DecomposingNormalizerBorrowed::new_nfd().normalize(c.encode_utf8(&mut [0; 4])).into_owned();
            parts.chars().next().filter(char::is_ascii).unwrap_or(c)
        }
    }
}

/// Whether a value is a device's address, with a port, a network's length or not, or a list of such; a version's number
/// under a key that says so is none.
pub(super) fn is_address(key: &str, value: &str) -> bool {
    if words(key).iter().any(|word| VERSIONS.contains(&word.as_str())) {
        return false;
    }
    let is_one = |part: &str| {
        let part = part.trim_matches(|c| matches!(c, '"' | '\''));
        let bare = part.strip_prefix('[').and_then(|part| part.strip_suffix(']')).unwrap_or(part);
        let network =
            bare.split_once('/').filter(|(_, length)| length.parse::<u8>().is_ok()).map_or(bare, |(ip, _)| ip);
        let scoped = network.split_once('%').map_or(network, |(ip, _)| ip);
        scoped.parse::<IpAddr>().is_ok() || part.parse::<SocketAddr>().is_ok()
    };
    let mut parts = value.split([',', ';', ' ', '|']).filter(|part| !part.is_empty()).peekable();
    parts.peek().is_some() && parts.all(is_one)
}

#[cfg(test)]
mod tests {
    use super::{is_address, is_private_key, words};

    #[test]
    fn tells_what_is_private_from_what_only_sounds_so() {
        for key in [
            "private_key",
            "privateKey",
            "PRIVATE-KEY",
            "access_key",
            "api key",
            "apiKey",
            "APIKey",
            "x-api-key",
            "pwd",
            "userPwd",
            "pin",
            "PIN",
            "card_pin",
            "otp",
            "otp_code",
            "ssn",
            "iban",
            "IBAN",
            "card_number",
            "cardNumber",
            "credit-card-no",
            "cc_num",
            "cvv",
            "auth_token",
            "oauth",
            "accessToken",
            "access_tokens",
            "refreshtoken",
            "password",
            "userpassword",
            "passwordHash",
            "client_secret",
            "secrets",
            "credentials",
            "session",
            "session_id",
            "sessionId",
            "login_session",
            "cookie",
            "cookies",
            "session_cookie",
            "authorization",
            "jwt",
            "last_ip",
            "lastLoginIP",
            "ip_address",
            "ipv6",
            "sign_up_ips",
            "passport",
            "passport_no",
            "social_security_number",
            "bank_account",
            "routing_number",
            "Senha",
            "contraseña",
            "clave",
            "clave de acceso",
            "chave_api",
            "pasaporte",
            "numero_passaporte",
            "mot_de_passe",
            "Kennwort",
            "kreditkartennummer",
            "PIN2",
            "CVC2",
            "csrf",
            "PHPSESSID",
            "national_id",
            "routing_no",
            "2fa",
            "remote_addr",
            "CPF",
            "número do cartão",
            "numero_tarjeta",
            "security_answer",
            "recovery_codes",
            "totp_seed",
            "aws_secret_access_key",
            "2fa_secret",
            "bearer",
            "contrasen\u{303}a",
            "pass_word",
            "motDePasse",
            "mdp",
            "wachtwoord",
            "Lösenord",
            "adgangskode",
            "passord",
            "hasło",
            "heslo",
            "jelszó",
            "parola",
            "пароль",
            "Şifre",
            "lozinka",
            "salasana",
            "パスワード",
            "密码",
            "비밀번호",
            "كلمة_المرور",
            "סיסמה",
            "รหัสผ่าน",
            "mật_khẩu",
            "kata_sandi",
            "puk_code",
            "cardNo",
            "ccnum",
            "kartennummer",
            "numéro_de_carte",
            "pan",
            "pan_number",
            "primary_account_number",
            "kontonummer",
            "sin_number",
            "national_insurance_number",
            "ausweisnummer",
            "Personalausweis",
            "identity_card",
            "nie",
            "NIF",
            "aadhar",
            "steuer_id",
            "drivers_license",
            "x_forwarded_for",
            "mac_address",
            "geheim",
            "pix_key",
            "chave_pix",
            "seed_phrase",
            "mnemonic",
            "wallet_key",
            "salt",
            "hmac_signature",
            "codice_fiscale",
            "pesel",
            "numéro_de_sécurité_sociale",
            "ip",
            "ipList",
        ] {
            assert!(is_private_key(key), "{key}: {:?}", words(key));
        }
        for key in [
            "author",
            "author_name",
            "co-author",
            "authorized_reseller",
            "authority",
            "secretary",
            "secretariat",
            "training_sessions",
            "training_session",
            "session_count",
            "cookies_per_box",
            "favourite_cookie",
            "keyboard",
            "key_account",
            "keyAccount",
            "account_key_contact",
            "pinned",
            "opinion",
            "spinning",
            "shipping",
            "ship_to",
            "tip",
            "zip",
            "zip_code",
            "equipment",
            "recipe",
            "membership",
            "clip",
            "postcode",
            "country_code",
            "promo_code",
            "card_type",
            "business_card",
            "passenger",
            "compass",
            "bypass",
            "broken",
            "tokyo",
            "potpie",
            "laptop",
            "company",
            "panel",
            "japan",
            "plan",
            "app_version",
            "version",
            "keywords",
            "monkey",
            "nickname",
            "customer_number",
            "order_no",
            "vat",
            "passwordless",
            "palabra_clave",
            "palavra-chave",
            "parola_chiave",
            "cookie_consent",
            "pinterest",
            "opt_in",
            "license_key",
            "public_key",
            "bank",
            "authentic",
            "enclave",
            "ip_phone_model",
            "salt_level",
            "salty",
            "pancake",
            "pass",
            "passed",
            "pass_rate",
            "tax_id",
            "vat_number",
            "license_number",
            "license_key",
            "account_number",
            "pix",
            "macbook",
            "driver",
            "drivers",
            "national_holiday",
            "social_profile",
            "seed_stage",
            "seed_round",
            "opinion_poll",
            "carte_blanche",
            "heslop",
            "tokenizer",
            "tokenization_plan",
            "keynote",
            "turkey",
            "discard",
            "shipping_address",
            "cardinal",
            "pineapple",
            "pinned",
            "",
        ] {
            assert!(!is_private_key(key), "{key}: {:?}", words(key));
        }
    }

    #[test]
    fn tells_addresses_from_versions() {
        for (key, value) in [
            ("seen_from", "203.0.113.9"),
            ("seen_from", "203.0.113.9:443"),
            ("x", "[2001:db8::1]:80"),
            ("x", "2001:db8::1"),
            ("x", "fe80::1%eth0"),
            ("x", "10.0.0.0/8"),
            ("x", "203.0.113.9, 10.0.0.1"),
            ("x", "203.0.113.9 10.0.0.1:5"),
        ] {
            assert!(is_address(key, value), "{key} {value}");
        }
        for (key, value) in [
            ("version", "4.12.0.1"),
            ("appVersion", "4.12.0.1"),
            ("firmware", "1.2.3.4"),
            ("x", "4.12.0"),
            ("x", "v4.12.0.1"),
            ("x", "12:30"),
            ("x", ""),
            ("x", "300.1.1.1"),
            ("x", "1.2.3.4 is it"),
            ("x", "a::b::c"),
        ] {
            assert!(!is_address(key, value), "{key} {value}");
        }
    }
}
