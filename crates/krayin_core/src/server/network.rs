//! How an installation's network is left: by which proxy, with whose authorities, as whom.

use std::{fmt, fs, path::Path};

use reqwest::{Certificate, Identity, Proxy, Url};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::SettingsError;
use crate::problem::Problem;

/// What the installation says of the network between it and every Krayin. Paths are those of files on this machine.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Network {
    /// The address of the proxy, `http` or `https`, with user and password where it wants them. Requests go straight to
    /// the server without one.
    pub proxy: Option<String>,
    /// A file of certificates, PEM, whose authorities are trusted beside the machine's.
    pub ca_file: Option<String>,
    /// A folder of such files.
    pub ca_path: Option<String>,
    /// The file with the certificate, PEM, its chain after it, that servers are shown which ask for one.
    pub client_certificate: Option<String>,
    /// The file with its key, PEM, without a passphrase.
    pub client_key: Option<String>,
}

/// The same, read: what an HTTP client is made with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Read {
    pub(crate) proxy: Option<Proxy>,
    /// Whether the proxy itself is spoken to by TLS.
    pub(crate) encrypted_proxy: bool,
    pub(crate) authorities: Vec<Certificate>,
    pub(crate) identity: Option<Identity>,
}

impl Network {
    /// Reads the files.
    ///
    /// # Errors
    /// Names what is not as it must be, never what is in it.
    pub(crate) fn read(&self) -> Result<Read, SettingsError> {
        let mut authorities = Vec::new();
        if let Some(file) = &self.ca_file {
            authorities = certificates(&contents("ca_file", file)?)
                .ok_or_else(|| SettingsError::one(Problem::NoCertificate { key: "ca_file".into() }))?;
        }
        if let Some(folder) = &self.ca_path {
            authorities.extend(of_folder(folder)?);
        }
        Ok(Read {
            proxy: self.proxy.as_deref().map(proxy).transpose()?,
            encrypted_proxy: self.proxy.as_deref().is_some_and(|proxy| proxy.starts_with("https:")),
            authorities,
            identity: self.identity()?,
        })
    }

    fn identity(&self) -> Result<Option<Identity>, SettingsError> {
        let (certificate, key) = match (&self.client_certificate, &self.client_key) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(_), None) => {
                return Err(SettingsError::one(Problem::ClientKeyMissing));
            }
            (None, Some(_)) => {
                return Err(SettingsError::one(Problem::ClientCertificateMissing));
            }
        };
        let chain = contents("client_certificate", certificate)?;
        let key = contents("client_key", key)?;
        if key.windows(9).any(|part| part == b"ENCRYPTED") {
            return Err(SettingsError::one(Problem::ClientKeyLocked));
        }
        let known =
            PrivateKeyDer::from_pem_slice(&key).map_err(|_| SettingsError::one(Problem::ClientKeyUnreadable))?;
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(&chain).filter_map(Result::ok).collect();
        if certificates.is_empty() {
            return Err(SettingsError::one(Problem::NoCertificate { key: "client_certificate".into() }));
        }
        let provider = rustls::crypto::ring::default_provider();
        rustls::sign::CertifiedKey::from_der(certificates, known, &provider).map_err(|error| {
            SettingsError::one(match error {
                rustls::Error::InconsistentKeys(_) => Problem::ClientKeyForeign,
                _ => Problem::ClientPairUnreadable,
            })
        })?;
        let both = [key, b"\n".to_vec(), chain].concat();
        let identity = Identity::from_pem(&both);
        identity.map(Some).map_err(|_| SettingsError::one(Problem::ClientPairUnreadable))
    }
}

fn contents(key: &str, file: &str) -> Result<Vec<u8>, SettingsError> {
    fs::read(file).map_err(|error| {
        let key = key.to_owned();
        SettingsError::one(match error.kind() {
            std::io::ErrorKind::NotFound => Problem::FileMissing { key },
            std::io::ErrorKind::PermissionDenied => Problem::FileForbidden { key },
            _ => Problem::FileUnreadable { key },
        })
    })
}

/// The certificates of a file; `None` where it has none, or one that is none.
fn certificates(pem: &[u8]) -> Option<Vec<Certificate>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.ok().filter(|found| !found.is_empty())?;
    let is_certificate = |der: &CertificateDer<'_>| rustls::RootCertStore::empty().add(der.clone()).is_ok();
    found.iter().all(is_certificate).then(|| Certificate::from_pem_bundle(pem).ok())?
}

/// Those of a folder's files; what is none beside them is passed over, as OpenSSL does.
fn of_folder(folder: &str) -> Result<Vec<Certificate>, SettingsError> {
    let entries = fs::read_dir(Path::new(folder))
        .map_err(|_| SettingsError::one(Problem::FolderUnreadable { key: "ca_path".into() }))?;
    let files = entries.filter_map(Result::ok).filter_map(|entry| fs::read(entry.path()).ok());
    let found: Vec<Certificate> = files.filter_map(|pem| certificates(&pem)).flatten().collect();
    if found.is_empty() { Err(SettingsError::one(Problem::NoCertificate { key: "ca_path".into() })) } else { Ok(found) }
}

fn proxy(address: &str) -> Result<Proxy, SettingsError> {
    let url = Url::parse(address).ok();
    let is_proxy = |url: &Url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    if !url.as_ref().is_some_and(is_proxy) {
        return Err(SettingsError::one(Problem::ProxyWrong));
    }
    Proxy::all(address).map_err(|_| SettingsError::one(Problem::ProxyUnusable))
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let there = [
            ("proxy", &self.proxy),
            ("ca_file", &self.ca_file),
            ("ca_path", &self.ca_path),
            ("client_certificate", &self.client_certificate),
            ("client_key", &self.client_key),
        ];
        f.debug_list().entries(there.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn names_what_is_not_as_it_must_be() {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
        let some = |text: &str| Some(text.to_owned());
        let none = Network::default;
        let table = [
            (Network { proxy: some("proxy:3128"), ..none() }, "must be an address"),
            (Network { proxy: some("socks5://a:secret@proxy"), ..none() }, "must be an address"),
            (Network { ca_file: some("/secret/ca.pem"), ..none() }, "ca_file names a file that is not there"),
            (Network { ca_file: some(folder), ..none() }, "ca_file names what cannot be read as a file"),
            (Network { ca_file: some(here), ..none() }, "ca_file holds no certificate in PEM"),
            (Network { ca_path: some("/secret"), ..none() }, "ca_path names a folder that is not there"),
            (Network { ca_path: some(folder), ..none() }, "ca_path holds no certificate in PEM"),
            (Network { client_certificate: some(here), ..none() }, "client_key is missing"),
            (Network { client_key: some(here), ..none() }, "client_certificate is missing"),
            (
                Network { client_certificate: some(here), client_key: some(here), ..none() },
                "client_key holds no private key in PEM",
            ),
        ];
        for (network, expected) in table {
            let error = network.read().unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("secret"), "{error}");
            assert!(!format!("{network:?}").contains("secret"));
        }
        assert!(Network::default().read().is_ok());
        let proxied = Network { proxy: some("https://user:p%40ss@proxy.example.com:3128"), ..none() };
        assert!(proxied.read().unwrap().proxy.is_some());
    }
}
