//! What happened at an attempt that failed: a stable code, and a clause for people.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// What happened at an attempt that failed. As JSON its code, `"no_connection"`, the same from version to version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// The token was refused.
    TokenNotTaken,
    /// The token's user may not do this.
    UserMayNot,
    /// Krayin's own throttle.
    TooManyRequests,
    /// The throttle of something before Krayin.
    TooManyOfKind,
    /// A firewall.
    Firewall,
    /// Values that Krayin does not take.
    FieldsNotTaken,
    /// A value that another record has.
    ValueNotUnique,
    /// The record is not there.
    NoSuchRecord,
    /// The call is not there.
    NoSuchCall,
    /// What answers is no Krayin, and knows no such address.
    NoSuchAddress,
    /// The server says that it cannot work now.
    CannotWorkNow,
    /// The proxy wants another user or password.
    ProxyPassword,
    /// The proxy does not connect to the server.
    ProxyDoesNotConnect,
    /// The request is larger than the server takes.
    RequestTooLarge,
    /// The answer is compressed.
    AnswerCompressed,
    /// The answer is larger than we take.
    AnswerTooLarge,
    /// The answer is larger than the process's memory may be.
    NoMemory,
    /// A web page came.
    WebPage,
    /// The answer is no JSON.
    AnswerNotJson,
    /// The answer's JSON is none of Krayin's.
    ShapeUnknown,
    /// The server redirects.
    Redirected,
    /// The status is none of Krayin's.
    StatusUnknown,
    /// The server failed while it ran the request.
    FailedInside,
    /// Nothing was tried.
    NoAttempt,
    /// Nothing was tried: the server has not answered lately.
    ServerRests,
    /// Nothing was tried: the minute's requests are spent.
    MinuteSpent,
    /// Nothing was tried: the server may be working on the same yet.
    StillRunning,
    /// The host has a private address.
    HostPrivate,
    /// The host's name is known to the proxy alone.
    HostUnknownHere,
    /// Nothing accepts the connection.
    NoConnection,
    /// Nothing accepted the connection in time.
    ConnectionLate,
    /// No answer in time.
    AnswerLate,
    /// The connection broke.
    ConnectionBroke,
    /// The process can have no more threads.
    NoThreads,
    /// The machine has no certificates of authorities.
    NoAuthorities,
    /// The request cannot be built.
    RequestWrong,
    /// The certificate has expired.
    CertificateExpired,
    /// The certificate is not valid yet.
    CertificateNotValidYet,
    /// The certificate is for another name.
    CertificateWrongHost,
    /// Nobody knows who signed the certificate.
    CertificateUnknownAuthority,
    /// The certificate was not accepted for another reason.
    CertificateWrong,
    /// What answers speaks no TLS.
    NoTls,
}

impl Detail {
    /// Its code.
    pub fn code(self) -> String {
        serde_json::to_value(self).ok().and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// What happened, without a full stop.
    pub fn clause(self, language: Language) -> &'static str {
        let [en, pt, es] = self.clauses();
        language.of_three(en, pt, es)
    }

    fn clauses(self) -> [&'static str; 3] {
        match self {
            Self::TokenNotTaken => ["the token was refused", "o token foi recusado", "el token fue rechazado"],
            Self::UserMayNot => [
                "the token's user may not do this",
                "o usuário do token não pode fazer isso",
                "el usuario del token no puede hacer esto",
            ],
            Self::TooManyRequests => ["too many requests", "requisições demais", "demasiadas peticiones"],
            Self::TooManyOfKind => [
                "something before Krayin takes no more requests of this kind",
                "algo diante do Krayin não aceita mais requisições deste tipo",
                "algo delante de Krayin no acepta más peticiones de este tipo",
            ],
            Self::Firewall => [
                "something before Krayin, a firewall, does not let this request through",
                "algo diante do Krayin, um firewall, não deixa passar esta requisição",
                "algo delante de Krayin, un cortafuegos, no deja pasar esta petición",
            ],
            Self::FieldsNotTaken => [
                "the server does not take these fields",
                "o servidor não aceita estes campos",
                "el servidor no acepta estos campos",
            ],
            Self::ValueNotUnique => [
                "another record has the same value",
                "outro registro tem o mesmo valor",
                "otro registro tiene el mismo valor",
            ],
            Self::NoSuchRecord => ["the record is not there", "o registro não existe", "el registro no existe"],
            Self::NoSuchCall => {
                ["the server has no such call", "o servidor não tem tal chamada", "el servidor no tiene tal llamada"]
            }
            Self::NoSuchAddress => [
                "what answered is no Krayin, and knows no such address",
                "quem respondeu não é um Krayin, e não conhece tal endereço",
                "quien respondió no es un Krayin, y no conoce tal dirección",
            ],
            Self::CannotWorkNow => [
                "the server cannot work now",
                "o servidor não pode trabalhar agora",
                "el servidor no puede trabajar ahora",
            ],
            Self::ProxyPassword => [
                "the proxy wants another user or password (KrayinSync.proxy, HTTPS_PROXY)",
                "o proxy quer outro usuário ou senha (KrayinSync.proxy, HTTPS_PROXY)",
                "el proxy quiere otro usuario o contraseña (KrayinSync.proxy, HTTPS_PROXY)",
            ],
            Self::ProxyDoesNotConnect => [
                "the proxy does not connect to this address: does it allow it, and is the server running?",
                "o proxy não se conecta a este endereço: ele o permite, e o servidor está no ar?",
                "el proxy no conecta con esta dirección: ¿la permite, y funciona el servidor?",
            ],
            Self::RequestTooLarge => [
                "the request is larger than the server takes",
                "a requisição é maior do que o servidor aceita",
                "la petición es mayor de lo que el servidor acepta",
            ],
            Self::AnswerCompressed => [
                "the answer is compressed, which nobody asked for",
                "a resposta está comprimida, o que ninguém pediu",
                "la respuesta está comprimida, lo que nadie pidió",
            ],
            Self::AnswerTooLarge => {
                ["the answer is larger than 8 MiB", "a resposta é maior que 8 MiB", "la respuesta es mayor de 8 MiB"]
            }
            Self::NoMemory => [
                "the answer is larger than the memory that this process may have",
                "a resposta é maior que a memória que este processo pode ter",
                "la respuesta es mayor que la memoria que este proceso puede tener",
            ],
            Self::WebPage => [
                "a web page came instead of Krayin's JSON (a portal, a firewall, a host's maintenance page)",
                "veio uma página web em vez do JSON do Krayin (um portal, um firewall, a página de manutenção de um provedor)",
                "llegó una página web en vez del JSON de Krayin (un portal, un cortafuegos, la página de mantenimiento de un proveedor)",
            ],
            Self::AnswerNotJson => ["the answer is not JSON", "a resposta não é JSON", "la respuesta no es JSON"],
            Self::ShapeUnknown => [
                "the answer has not the shape of Krayin's",
                "a resposta não tem a forma das do Krayin",
                "la respuesta no tiene la forma de las de Krayin",
            ],
            Self::Redirected => [
                "the server redirects, which would send the token elsewhere",
                "o servidor redireciona, o que enviaria o token a outro lugar",
                "el servidor redirige, lo que enviaría el token a otra parte",
            ],
            Self::StatusUnknown => [
                "no answer of Krayin's has this status",
                "nenhuma resposta do Krayin tem este status",
                "ninguna respuesta de Krayin tiene este estado",
            ],
            Self::FailedInside => [
                "the server failed while it ran the request",
                "o servidor falhou ao executar a requisição",
                "el servidor falló al ejecutar la petición",
            ],
            Self::NoAttempt => ["no attempt was made", "nenhuma tentativa foi feita", "no se hizo ningún intento"],
            Self::ServerRests => [
                "was not tried, the server has not answered lately",
                "não foi tentado, o servidor não tem respondido",
                "no se intentó, el servidor no ha respondido últimamente",
            ],
            Self::MinuteSpent => [
                "was not tried, the requests of this minute are spent",
                "não foi tentado, as requisições deste minuto se esgotaram",
                "no se intentó, las peticiones de este minuto se agotaron",
            ],
            Self::StillRunning => [
                "was not tried, the server may be working on it yet since the last time",
                "não foi tentado, o servidor pode ainda estar trabalhando nisso desde a última vez",
                "no se intentó, el servidor puede estar aún trabajando en ello desde la última vez",
            ],
            Self::HostPrivate => [
                "the host has a private address, which this installation does not allow",
                "o host tem um endereço privado, que esta instalação não permite",
                "el host tiene una dirección privada, que esta instalación no permite",
            ],
            Self::HostUnknownHere => [
                "the host's name is not known here, and what the proxy makes of it nobody can see: name the host in KRAYIN_SYNC_ALLOWED_HOSTS if it is right",
                "o nome do host não é conhecido aqui, e o que o proxy faz dele ninguém vê: indique o host em KRAYIN_SYNC_ALLOWED_HOSTS se estiver certo",
                "el nombre del host no se conoce aquí, y nadie ve qué hace con él el proxy: indique el host en KRAYIN_SYNC_ALLOWED_HOSTS si es correcto",
            ],
            Self::NoConnection => [
                "no connection: is the address right and the server running?",
                "sem conexão: o endereço está certo e o servidor está no ar?",
                "sin conexión: ¿es correcta la dirección y funciona el servidor?",
            ],
            Self::ConnectionLate => {
                ["no connection within the time limit", "sem conexão dentro do prazo", "sin conexión dentro del plazo"]
            }
            Self::AnswerLate => {
                ["no answer within the time limit", "sem resposta dentro do prazo", "sin respuesta dentro del plazo"]
            }
            Self::ConnectionBroke => [
                "the connection broke before the whole answer was there",
                "a conexão caiu antes de chegar a resposta inteira",
                "la conexión se cortó antes de llegar la respuesta entera",
            ],
            Self::NoThreads => [
                "the process can have no more threads, and finding out the host's address takes one",
                "o processo não pode ter mais threads, e descobrir o endereço do host exige uma",
                "el proceso no puede tener más hilos, y averiguar la dirección del host necesita uno",
            ],
            Self::NoAuthorities => [
                "the HTTP client cannot start: are the machine's CA certificates installed?",
                "o cliente HTTP não pode iniciar: os certificados de autoridades da máquina estão instalados?",
                "el cliente HTTP no puede arrancar: ¿están instalados los certificados de autoridades de la máquina?",
            ],
            Self::RequestWrong => {
                ["the request cannot be built", "a requisição não pode ser montada", "la petición no se puede formar"]
            }
            Self::CertificateExpired => [
                "the server's certificate has expired",
                "o certificado do servidor expirou",
                "el certificado del servidor ha caducado",
            ],
            Self::CertificateNotValidYet => [
                "the server's certificate is not valid yet",
                "o certificado do servidor ainda não é válido",
                "el certificado del servidor aún no es válido",
            ],
            Self::CertificateWrongHost => [
                "the server's certificate is for another name",
                "o certificado do servidor é de outro nome",
                "el certificado del servidor es de otro nombre",
            ],
            Self::CertificateUnknownAuthority => [
                "the server's certificate is from an unknown authority",
                "o certificado do servidor é de uma autoridade desconhecida",
                "el certificado del servidor es de una autoridad desconocida",
            ],
            Self::CertificateWrong => [
                "the server's certificate was not accepted",
                "o certificado do servidor não foi aceito",
                "el certificado del servidor no se aceptó",
            ],
            Self::NoTls => [
                "the server speaks no TLS that can be trusted",
                "o servidor não fala um TLS confiável",
                "el servidor no habla un TLS de confianza",
            ],
        }
    }
}

/// In English, as in logs.
impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.clause(Language::En))
    }
}

#[cfg(test)]
mod tests {
    use super::Detail;
    use crate::language::Language;

    #[test]
    fn has_a_code_and_a_clause_in_each_language() {
        for (detail, code) in
            [(Detail::NoConnection, "no_connection"), (Detail::CertificateExpired, "certificate_expired")]
        {
            assert_eq!(detail.code(), code);
            assert_eq!(serde_json::from_str::<Detail>(&format!("\"{code}\"")).unwrap(), detail);
            assert_ne!(detail.clause(Language::Pt), detail.clause(Language::Es));
        }
        assert_eq!(Detail::HostPrivate.to_string(), Detail::HostPrivate.clause(Language::En));
    }
}
